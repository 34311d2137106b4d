// Writes to many sockets at once: what each got, and how much of it, by io_uring and by send().
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "base/random.hpp"
#include "net/write_batch.hpp"
#include "os/unique_fd.hpp"

using namespace sluice;
using net::WriteBatch;

namespace {
struct Pair {
  os::UniqueFd ours, theirs;
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    ours = os::UniqueFd(ends[0]);
    theirs = os::UniqueFd(ends[1]);
  }
  std::string read() const {
    std::string all(1 << 20, '\0');
    std::size_t have = 0;
    for (ssize_t got; have < all.size() && (got = ::read(theirs.get(), all.data() + have, all.size() - have)) > 0;) have += static_cast<std::size_t>(got);
    all.resize(have);
    return all;
  }
};

WriteBatch batch_by(WriteBatch::By by) {
  WriteBatch batch(by);
  if (batch.by() != by) WARN("no io_uring here: " << batch.refusal());  // a container may forbid it; then both are send()
  return batch;
}
const auto each_way = [] { return GENERATE(WriteBatch::By::io_uring, WriteBatch::By::send); };
}  // namespace

TEST_CASE("each socket gets its own bytes, however many there are") {
  WriteBatch batch = batch_by(each_way());
  const std::size_t count = GENERATE(0, 1, 127, 128, 129, 400);
  std::vector<Pair> pairs(count);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.push_back("line " + std::to_string(round) + " to " + std::to_string(i));
    std::vector<SocketWrite> writes;
    for (std::size_t i = 0; i < count; ++i) writes.push_back({pairs[i].ours.get(), as_bytes(texts[i])});
    batch.write(writes);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(writes[i].written == texts[i].size());
      CHECK(pairs[i].read() == texts[i]);
    }
  }
}

TEST_CASE("what a socket does not take at once is not waited for, and told") {
  WriteBatch batch = batch_by(each_way());
  std::vector<Pair> pairs(6);
  const int small = 8192;
  REQUIRE(::setsockopt(pairs[1].ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  REQUIRE(::setsockopt(pairs[2].ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  const std::string filling(1 << 20, 'f');
  while (::send(pairs[2].ours.get(), filling.data(), filling.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
  }
  pairs[3].theirs.reset();  // nobody reads: EPIPE, and no signal
  const std::string much(1 << 20, 'x'), line = "line";
  std::vector<SocketWrite> writes{{pairs[0].ours.get(), as_bytes(line)}, {pairs[1].ours.get(), as_bytes(much)}, {pairs[2].ours.get(), as_bytes(line)},
                                  {pairs[3].ours.get(), as_bytes(line)}, {-1, as_bytes(line)},                  {pairs[5].ours.get(), as_bytes(line)}};
  batch.write(writes);
  CHECK(writes[0].written == line.size());
  CHECK(writes[1].written > 0);
  CHECK(writes[1].written < much.size());
  CHECK(writes[2].written == 0);
  CHECK(writes[3].written == 0);
  CHECK(writes[4].written == 0);
  CHECK(writes[5].written == line.size());  // behind those that failed
  CHECK(pairs[1].read() == much.substr(0, writes[1].written));
  CHECK(pairs[2].read().find("line") == std::string::npos);
  CHECK(pairs[5].read() == line);

  // Nothing of it is made later.
  std::vector<SocketWrite> more{{pairs[2].ours.get(), as_bytes(line)}, {pairs[1].ours.get(), as_bytes(line)}};
  batch.write(more);
  CHECK(pairs[2].read() == line);
  CHECK(pairs[1].read() == line);
}

TEST_CASE("random writes come out as send() has them") {
  SeededRandom random(GENERATE(1, 2, 3, 4));
  WriteBatch ring = batch_by(WriteBatch::By::io_uring), plain(WriteBatch::By::send);
  std::vector<Pair> by_ring(40), by_send(40);
  const int small = 4096;
  for (auto* pairs : {&by_ring, &by_send})
    for (Pair& pair : *pairs) REQUIRE(::setsockopt(pair.ours.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small) == 0);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> texts;
    std::vector<SocketWrite> a, b;
    for (std::size_t i = 0; i < 40; ++i) texts.push_back(std::string(random.below(2000), static_cast<char>('a' + random.below(26))));
    for (std::size_t i = 0; i < 40; ++i) {
      if (random.below(3) == 0) continue;
      a.push_back({by_ring[i].ours.get(), as_bytes(texts[i])});
      b.push_back({by_send[i].ours.get(), as_bytes(texts[i])});
    }
    ring.write(a);
    plain.write(b);
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(a[i].written == b[i].written);
    for (std::size_t i = 0; i < 40; ++i)
      if (random.below(4) == 0) REQUIRE(by_ring[i].read() == by_send[i].read());
  }
}

TEST_CASE("without io_uring each is a send()") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const rlimit none{0, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  WriteBatch batch;  // no descriptor to be had for a ring
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(batch.by() == WriteBatch::By::send);
  CHECK(batch.refusal() != "");
  Pair pair;
  std::vector<SocketWrite> writes{{pair.ours.get(), as_bytes(std::string_view("line"))}};
  batch.write(writes);
  CHECK(writes[0].written == 4);
  CHECK(pair.read() == "line");
  CHECK(WriteBatch(WriteBatch::By::send).refusal().empty());
}

TEST_CASE("a kernel that takes no more by io_uring loses nothing, and writes nothing twice") {
  WriteBatch batch = batch_by(WriteBatch::By::io_uring);
  std::vector<Pair> pairs(300);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < pairs.size(); ++i) texts.push_back("line to " + std::to_string(i));
  const auto write_all = [&] {
    std::vector<SocketWrite> writes;
    for (std::size_t i = 0; i < pairs.size(); ++i) writes.push_back({pairs[i].ours.get(), as_bytes(texts[i])});
    batch.write(writes);
    std::size_t short_of = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) short_of += writes[i].written != texts[i].size();
    return short_of;
  };
  CHECK(write_all() == 0);
  std::size_t short_of = 1;
  std::thread([&] {  // a filter is a thread's own, and for good
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_enter, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{std::size(code), code};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0) short_of = write_all();
  }).join();
  CHECK(short_of == 0);
  CHECK(batch.by() == WriteBatch::By::send);
  CHECK(batch.refusal() != "");
  for (std::size_t i = 0; i < pairs.size(); ++i) CHECK(pairs[i].read() == texts[i] + texts[i]);

  for (int i = 0; i < 1000; ++i) batch.write({});  // it is tried again later
  CHECK(write_all() == 0);
  CHECK((batch.by() == WriteBatch::By::io_uring || WriteBatch().by() == WriteBatch::By::send));
}
