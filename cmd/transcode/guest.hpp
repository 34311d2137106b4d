#pragma once
// Guest: a connection to a dispatcher. It has some seconds to prove itself and to start the job; one of them becomes the worker's.
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/tcp.hpp"
#include "relay/session.hpp"

namespace sluice::transcode {

constexpr seconds proving_time{5};  // from the connection to the start of the job

class Guest;

// Whom guests come to.
class Host {
 public:
  virtual bool reserve(Guest& guest) = 0;  // false: another worker has the job
  virtual const relay::Words& order() const = 0;
  virtual void started(Guest& guest) = 0;
  virtual void media(ByteView piece) = 0;
  virtual void outcome(Guest& guest, const relay::Words& outcome) = 0;
  virtual void gone(Guest& guest, const Error& why) = 0;
  virtual void drained(const Guest& guest) = 0;  // all that was sent to it has gone out
  virtual void heard(const Guest& guest) = 0;

 protected:
  ~Host() = default;
};

class Guest final : public net::Connection::Handler, public relay::DispatcherSession::Events {
 public:
  Guest(Host& host, net::Loop& loop, const relay::Secret& secret, const std::string& ticket, const net::Endpoint& peer);

  void attach(std::shared_ptr<net::Connection> link);
  void abort(Error why);
  void flush();  // what the session has to say
  relay::DispatcherSession& session() { return session_; }
  const std::shared_ptr<net::Connection>& link() const { return link_; }  // none once it is closed
  std::string name() const { return name_.empty() ? peer_ : name_ + " at " + peer_; }

 private:
  void on_data(ByteView bytes) override;
  void on_drained() override;
  void on_closed(const Error& why) override;
  void on_worker(const std::string& name) override;
  void on_started() override;
  void on_media(ByteView piece) override;
  void on_outcome(const relay::Words& outcome) override;
  void on_refused(const std::string& why) override;

  Host& host_;
  relay::DispatcherSession session_;
  net::Timer patience_;
  std::shared_ptr<net::Connection> link_;
  std::string peer_, name_;
};

}  // namespace sluice::transcode
