#pragma once
// Inside lib/net only: the Asio side of Loop.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "net/loop.hpp"
#include "net/poller.hpp"

namespace sluice::net {

class Connection;

struct Loop::Impl {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
  Poller poller{context};  // of connections
  // Connections with bytes queued in this turn: each is written once, with one writev, when the turn's calls are done.
  std::vector<std::shared_ptr<Connection>> unflushed;
  // Grows at the end of each turn in which a connection wrote past its queue.
  std::uint32_t turn = 1;
  bool turn_ends = false;  // asked for
  void end_turn();
  // What is being connected, until it is told of.
  std::unordered_set<std::shared_ptr<void>> connecting;
  // Every connection that is open: the loop keeps it alive.
  std::unordered_set<std::shared_ptr<Connection>> open;
};

}  // namespace sluice::net
