#include "writers.hpp"

#include <string>

#include "log/log.hpp"

namespace sluice::chatd {

namespace {
constexpr std::size_t lanes_per_thread =
    8;  // one that the kernel holds up has little that the others wait for
}

Writers::Writers(chat::Rooms& rooms, std::size_t threads, bool io_uring) {
  using Batch = net::WriteBatch;
  if (threads > 1) {
    crew_.emplace(threads - 1);
    rooms.share_out(lanes_per_thread * threads,
                    [this](std::size_t lanes, const std::function<void(std::size_t)>& write) {
                      crew_->work(lanes, write);
                    });
  }
  for (std::size_t lane = 0; lane < rooms.lanes(); ++lane)
    batches_.emplace_back(io_uring ? Batch::By::io_uring : Batch::By::send);
  rings_ = io_uring ? batches_.size() : 0;
  look();
  rooms.write_with([this](std::size_t lane) {
    return [&batch = batches_[lane]](std::span<SocketWrite> writes) { batch.write(writes); };
  });
}

void Writers::look() {
  std::size_t rings = 0;
  std::string refusal;
  for (const net::WriteBatch& batch : batches_) {
    rings += batch.by() == net::WriteBatch::By::io_uring;
    if (refusal.empty()) refusal = batch.refusal();
  }
  if (rings < rings_)
    log::info("clients are written to one by one, which costs more",
              {{"lanes", batches_.size() - rings}, {"because", refusal}});
  else if (rings > rings_)
    log::info("clients are written to together again", {{"lanes", rings}});
  rings_ = rings;
}

}  // namespace sluice::chatd
