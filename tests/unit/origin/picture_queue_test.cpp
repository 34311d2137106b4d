#include <catch2/catch.hpp>

#include <optional>

#include "origin/picture_queue.hpp"

using namespace sluice;
using namespace sluice::origin;

namespace {

// Programs that end when the test says so.
struct Programs {
  struct Fake final : PictureQueue::Run {
    explicit Fake(int& ended) : ended_(ended) {}
    ~Fake() override { ++ended_; }
    int& ended_;
  };
  std::vector<std::pair<PictureJob, std::function<void(PictureQueue::Picture)>>> started;
  int ended = 0;

  PictureQueue::Start start() {
    return [this](const PictureJob& job, std::function<void(PictureQueue::Picture)> finished) -> Result<std::unique_ptr<PictureQueue::Run>> {
      if (job.key == "impossible") return fail(Errc::io, "fork");
      started.emplace_back(job, std::move(finished));
      return std::make_unique<Fake>(ended);
    };
  }
  void finish(std::size_t n, std::size_t bytes = 100) { started.at(n).second(std::make_shared<const Bytes>(bytes)); }
};

struct Asker {
  int told = 0;
  std::optional<PictureQueue::Picture> answer;
  PictureQueue::Done done() {
    return [this](const PictureQueue::Picture& picture) {
      ++told;
      answer = picture;
    };
  }
};

PictureJob job(const std::string& key) { return {key, "/ledger", {"--sheet", "0"}}; }

}  // namespace

TEST_CASE("who asks for the same picture shares one program, and later ones get it from memory") {
  Programs programs;
  FakeClock clock;
  PictureQueue queue({}, clock, programs.start());
  Asker first, second, third;
  queue.ask(job("a"), first.done());
  queue.ask(job("a"), second.done());
  CHECK(programs.started.size() == 1);
  CHECK(first.told == 0);
  programs.finish(0);
  CHECK((first.told == 1 && second.told == 1));
  CHECK((*first.answer)->bytes == (*second.answer)->bytes);
  CHECK(programs.ended == 1);
  queue.ask(job("a"), third.done());
  CHECK(third.told == 1);
  CHECK(programs.started.size() == 1);
}

TEST_CASE("only so many run at once, the rest in order, and beyond the queue nobody waits") {
  Programs programs;
  FakeClock clock;
  PictureLimits limits;
  limits.at_once = 2;
  limits.queued = 2;
  PictureQueue queue(limits, clock, programs.start());
  Asker askers[6];
  for (int i = 0; i < 5; ++i) queue.ask(job(std::to_string(i)), askers[i].done());
  CHECK(queue.running() == 2);
  CHECK(queue.queued() == 2);
  REQUIRE(askers[4].told == 1);
  CHECK(askers[4].answer->error().code == Errc::unavailable);
  queue.ask(job("3"), askers[5].done());  // shares the place in the queue
  CHECK(askers[5].told == 0);
  programs.finish(1);
  CHECK(programs.started.back().first.key == "2");
  programs.finish(0);
  programs.finish(3);
  CHECK((askers[3].told == 1 && askers[5].told == 1));
}

TEST_CASE("a program that takes too long is ended, and its error is not asked for again at once") {
  Programs programs;
  FakeClock clock;
  PictureQueue queue({}, clock, programs.start());
  Asker first, second, third;
  queue.ask(job("a"), first.done());
  clock.advance(std::chrono::milliseconds(9'900));
  queue.tick();
  CHECK(first.told == 0);
  clock.advance(std::chrono::milliseconds(100));
  queue.tick();
  REQUIRE(first.told == 1);
  CHECK(first.answer->error().code == Errc::unavailable);
  CHECK(programs.ended == 1);
  programs.finish(0);  // what it still says is not heard
  CHECK(first.told == 1);
  queue.ask(job("a"), second.done());
  CHECK((second.told == 1 && programs.started.size() == 1));
  clock.advance(std::chrono::seconds(5));
  queue.ask(job("a"), third.done());
  CHECK(programs.started.size() == 2);
}

TEST_CASE("a picture that is not whole is told, and soon made again") {
  Programs programs;
  FakeClock clock;
  PictureQueue queue({}, clock, programs.start());
  Asker first, second, third;
  queue.ask(job("a"), first.done());
  programs.started.at(0).second(Drawing(std::make_shared<const Bytes>(100), false));
  REQUIRE((first.told == 1 && *first.answer));
  CHECK_FALSE((*first.answer)->whole);
  queue.ask(job("a"), second.done());
  CHECK((second.told == 1 && programs.started.size() == 1));
  clock.advance(std::chrono::seconds(5));
  queue.ask(job("a"), third.done());
  CHECK((third.told == 0 && programs.started.size() == 2 && queue.kept_bytes() == 0));
  programs.finish(1);
  REQUIRE((third.told == 1 && *third.answer));
  CHECK((*third.answer)->whole);
}

TEST_CASE("memory is bounded: the picture least asked for leaves first") {
  Programs programs;
  FakeClock clock;
  PictureLimits limits;
  limits.kept_bytes = 250;
  PictureQueue queue(limits, clock, programs.start());
  Asker asker;
  for (const char* key : {"a", "b"}) {
    queue.ask(job(key), asker.done());
    programs.finish(programs.started.size() - 1);
  }
  queue.ask(job("a"), asker.done());
  queue.ask(job("c"), asker.done());
  programs.finish(2);
  CHECK(queue.kept_bytes() == 200);
  queue.ask(job("a"), asker.done());
  CHECK(programs.started.size() == 3);
  queue.ask(job("b"), asker.done());
  CHECK(programs.started.size() == 4);
  programs.finish(3, 1000);  // larger than all: told, not kept
  CHECK(queue.kept_bytes() == 0);
}

TEST_CASE("a program that cannot be started is told, and does not hold up the others") {
  Programs programs;
  FakeClock clock;
  PictureQueue queue({}, clock, programs.start());
  Asker asker, next;
  queue.ask(job("impossible"), asker.done());
  CHECK(asker.told == 1);
  queue.ask(job("b"), next.done());
  CHECK(programs.started.size() == 1);
}

TEST_CASE("at the end everybody is told and every program ended") {
  Programs programs;
  FakeClock clock;
  PictureLimits limits;
  limits.at_once = 1;
  PictureQueue queue(limits, clock, programs.start());
  Asker first, second, late;
  queue.ask(job("a"), first.done());
  queue.ask(job("b"), second.done());
  queue.drain();
  CHECK((first.told == 1 && second.told == 1 && programs.ended == 1));
  queue.ask(job("c"), late.done());
  CHECK((late.told == 1 && programs.started.size() == 1));
}

TEST_CASE("an asker may ask again from its answer") {
  Programs programs;
  FakeClock clock;
  PictureQueue queue({}, clock, programs.start());
  Asker again;
  queue.ask(job("a"), [&](const PictureQueue::Picture&) { queue.ask(job("a"), again.done()); });
  programs.finish(0);
  CHECK(again.told == 1);
}

TEST_CASE("nobody waits for a turn longer than a program may take, and only so many for one picture") {
  Programs programs;
  FakeClock clock;
  PictureLimits limits;
  limits.at_once = 0;
  limits.askers = 2;
  PictureQueue queue(limits, clock, programs.start());
  Asker first, second, third, later;
  queue.ask(job("a"), first.done());
  queue.ask(job("a"), second.done());
  queue.ask(job("a"), third.done());
  CHECK((first.told == 0 && second.told == 0 && third.told == 1));
  clock.advance(limits.longest / 2);
  queue.ask(job("b"), later.done());
  clock.advance(limits.longest / 2);
  queue.tick();
  CHECK((first.told == 1 && second.told == 1 && later.told == 0));
  CHECK(first.answer->error().code == Errc::unavailable);
  CHECK(queue.queued() == 1);
}
