// A job's entry, frames and the two ends of its connection: vectors, every place of a cut, and each thing that must be refused.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "relay/job.hpp"
#include "relay/session.hpp"

using namespace sluice;
using namespace sluice::relay;

namespace {
const Secret ours = *Secret::of("0123456789abcdef0123456789abcdef\n");
const Secret others = *Secret::of("another secret of some length");

Job sample_job() { return {.to = "127.0.0.1:4000", .ticket = "abcdefgh234567", .stream = "s1", .channel = "alice", .good_for = milliseconds(8000)}; }

Fields with(Fields fields, const std::string& name, const std::string& value) {
  std::ranges::find(fields, name, &Fields::value_type::first)->second = value;
  return fields;
}

struct DispatcherLog : DispatcherSession::Events {
  std::string log;
  DispatcherSession* session = nullptr;
  bool refuses = false;
  void on_worker(const std::string& name) override {
    log += "worker(" + name + ")";
    refuses ? session->refuse("taken") : session->order({{"ladder", "auto"}, {"fed", "1"}});
  }
  void on_started() override { log += "started()"; }
  void on_media(ByteView piece) override { log += as_text(piece); }
  void on_outcome(const Words& outcome) override { log += "outcome(" + std::string(as_text(write_words(outcome))) + ")"; }
  void on_refused(const std::string& why) override { log += "refused(" + why + ")"; }
};

struct WorkerLog : WorkerSession::Events {
  std::string log;
  WorkerSession* session = nullptr;
  bool refuses = false;
  void on_order(const Words& order) override {
    log += "order(" + std::string(as_text(write_words(order))) + ")";
    refuses ? session->refuse("no") : session->started();
  }
  void on_media(ByteView piece) override { log += as_text(piece); }
  void on_input_end() override { log += "end()"; }
  void on_refused(const std::string& why) override { log += "refused(" + why + ")"; }
};

// Both ends, and what each has sent so far.
struct Pair {
  SeededRandom random{7};
  DispatcherLog at_dispatcher;
  WorkerLog at_worker;
  DispatcherSession dispatcher;
  WorkerSession worker;
  Bytes from_dispatcher, from_worker;
  explicit Pair(const Secret& workers = ours, const std::string& ticket = "ticket")
      : dispatcher(ours, "ticket", random, at_dispatcher), worker(workers, ticket, "host\x1b", random, at_worker) {
    at_dispatcher.session = &dispatcher;
    at_worker.session = &worker;
  }
  // Until neither has anything to say; the first fault.
  Result<> talk() {
    for (;;) {
      const Bytes a = worker.take_output(), b = dispatcher.take_output();
      if (a.empty() && b.empty()) return {};
      append(from_worker, a);
      append(from_dispatcher, b);
      SLUICE_TRY(dispatcher.feed(a));
      SLUICE_TRY(worker.feed(b));
    }
  }
};

Bytes frame(Type type, std::string_view payload) {
  Bytes out;
  append_frame(out, type, as_bytes(payload));
  return out;
}

// A whole job: both ends' bytes.
std::unique_ptr<Pair> whole_job() {
  auto made = std::make_unique<Pair>();
  Pair& pair = *made;
  REQUIRE(pair.talk());
  append(pair.from_dispatcher, frame(Type::media, "source"));
  REQUIRE(pair.worker.feed(frame(Type::media, "source")));
  REQUIRE(pair.dispatcher.feed(frame(Type::media, "renditions")));
  append(pair.from_worker, frame(Type::media, "renditions"));
  pair.dispatcher.beat();
  pair.dispatcher.end_input();
  pair.worker.beat();
  REQUIRE(pair.talk());
  pair.worker.outcome({{"code", "0"}});
  REQUIRE(pair.talk());
  return made;
}
}  // namespace

TEST_CASE("the input ends once, however often it is said") {
  Pair pair;
  REQUIRE(pair.talk());
  pair.dispatcher.end_input();
  pair.dispatcher.end_input();  // a signal, and the end itself
  REQUIRE(pair.talk());
  pair.worker.outcome({{"code", "0"}});
  REQUIRE(pair.talk());
}

TEST_CASE("a secret is long enough, and what stands around it does not count") {
  CHECK(Secret::of("short").error().code == Errc::config);
  CHECK(Secret::of(" \n").error().code == Errc::config);
  CHECK(Secret::of("  0123456789abcdef0123456789abcdef \r\n")->seal("x") == ours.seal("x"));
  CHECK(others.seal("x") != ours.seal("x"));
  // printf 'sluice job entry 1\nx' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
  CHECK(hex(ours.seal("x")) == "0e72016b2d47ff1b74163ce7c8961654a62e660785aff0ac820f5523dc8b3c21");
}

TEST_CASE("a job's entry comes back as it was written") {
  const Fields fields = write_job(sample_job(), ours);
  const auto job = read_job(fields, ours);
  REQUIRE(job);
  CHECK(job->to == "127.0.0.1:4000");
  CHECK(job->ticket == "abcdefgh234567");
  CHECK(job->stream == "s1");
  CHECK(job->channel == "alice");
  CHECK(job->good_for == milliseconds(8000));
  Fields more = fields;
  more.emplace_back("later", "field");
  CHECK(read_job(more, ours));
}

TEST_CASE("a job that somebody else wrote, or changed, is refused") {
  const Fields fields = write_job(sample_job(), ours);
  CHECK(read_job(write_job(sample_job(), others), ours).error().code == Errc::denied);
  for (const char* name : {"to", "stream", "channel"}) CHECK(read_job(with(fields, name, "10.0.0.1:22"), ours).error().code == Errc::denied);
  CHECK(read_job(with(fields, "ticket", "aaaa"), ours).error().code == Errc::denied);
  CHECK(read_job(with(fields, "good-for", "9"), ours).error().code == Errc::denied);
  CHECK(read_job(with(fields, "seal", ""), ours).error().code == Errc::denied);
}

TEST_CASE("what is no job is refused before its seal is looked at") {
  const Fields fields = write_job(sample_job(), ours);
  CHECK(read_job({}, ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "v", "2"), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "ticket", ""), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "ticket", "a b"), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "to", ""), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "good-for", "-1"), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "good-for", "99999999999"), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "stream", "a\nb"), ours).error().code == Errc::invalid);
  CHECK(read_job(with(fields, "stream", std::string(201, 'a')), ours).error().code == Errc::invalid);
}

TEST_CASE("words: lines of a name and a value") {
  const auto words = read_words(as_bytes("code 75\nhow was handed back\nempty \n"));
  REQUIRE(words);
  CHECK(*words == Words{{"code", "75"}, {"how", "was handed back"}, {"empty", ""}});
  CHECK(*read_words(write_words(*words)) == *words);
  CHECK(read_words({})->empty());
  for (const char* wrong : {"code 75", "code\n", "Code 1\n", " 1\n", "a 1\na 2\n", "a \x01\n", "a b\xff\n", "\n"}) {
    INFO(wrong);
    CHECK(read_words(as_bytes(wrong)).error().code == Errc::invalid);
  }
  std::string many;
  for (char c = 'a'; c <= 'z'; ++c) many += std::string("x") + c + " 1\n" + c + " 1\n";
  CHECK(read_words(as_bytes(many)).error().code == Errc::invalid);
}

TEST_CASE("two ends that share a secret do a job") {
  const auto pair = whole_job();
  CHECK(pair->at_dispatcher.log == "worker(host?)started()renditionsoutcome(code 0\n)");
  CHECK(pair->at_worker.log == "order(fed 1\nladder auto\n)sourceend()");
}

TEST_CASE("a cut anywhere changes nothing") {
  const auto job = whole_job();
  const Pair& whole = *job;
  for (std::size_t cut = 0; cut <= std::max(whole.from_dispatcher.size(), whole.from_worker.size()); ++cut) {
    Pair again;
    const auto feed = [&](auto& session, const Bytes& bytes) {
      const std::size_t at = std::min(cut, bytes.size());
      REQUIRE(session.feed(ByteView(bytes).first(at)));
      REQUIRE(session.feed(ByteView(bytes).subspan(at)));
    };
    feed(again.worker, whole.from_dispatcher);
    feed(again.dispatcher, whole.from_worker);
    REQUIRE(again.at_dispatcher.log == whole.at_dispatcher.log);
    REQUIRE(again.at_worker.log == whole.at_worker.log);
  }
}

TEST_CASE("neither end serves a stranger") {
  Pair wrong(others);
  const auto fault = wrong.talk();
  REQUIRE_FALSE(fault);
  CHECK(fault.error().code == Errc::denied);
  CHECK(fault.error().what.find("dispatcher") != std::string::npos);  // the worker sees it first, and has proven nothing yet
  CHECK(wrong.at_dispatcher.log.empty());
  CHECK(wrong.at_worker.log.empty());
  CHECK(wrong.worker.take_output().empty());

  // A worker that passes over that: its proof is worthless.
  Pair bold;
  REQUIRE(bold.dispatcher.feed(bold.worker.take_output()));
  CHECK(bold.dispatcher.feed(frame(Type::proof, std::string(32, '\0'))).error().code == Errc::denied);
  CHECK(bold.at_dispatcher.log.empty());

  // The dispatcher's own proof sent back is none.
  Pair mirror;
  REQUIRE(mirror.dispatcher.feed(mirror.worker.take_output()));
  const Bytes challenge = mirror.dispatcher.take_output();
  CHECK(mirror.dispatcher.feed(frame(Type::proof, as_text(ByteView(challenge).subspan(frame_head + 32)))).error().code == Errc::denied);

  Pair elsewhere(ours, "another");
  CHECK(elsewhere.talk().error().code == Errc::denied);
}

TEST_CASE("a proof of one connection is worth nothing in the next") {
  const auto first = whole_job();
  SeededRandom other(8);
  DispatcherLog log;
  DispatcherSession next(ours, "ticket", other, log);
  log.session = &next;
  CHECK(next.feed(first->from_worker).error().code == Errc::denied);
  CHECK(log.log.empty());
}

TEST_CASE("either may decline") {
  Pair late;
  late.at_dispatcher.refuses = true;
  REQUIRE(late.talk());
  CHECK(late.at_worker.log == "refused(taken)");
  Pair unable;
  unable.at_worker.refuses = true;
  REQUIRE(unable.talk());
  CHECK(unable.at_dispatcher.log == "worker(host?)refused(no)");
}

TEST_CASE("frames out of turn, unknown or too long end a connection") {
  for (const Type type : {Type::challenge, Type::proof, Type::order, Type::started, Type::refused, Type::media, Type::input_end, Type::outcome, Type::beat}) {
    Pair pair;
    CHECK(pair.dispatcher.feed(frame(type, "x")).error().code == Errc::invalid);
    CHECK(pair.dispatcher.feed(frame(Type::hello, "x")).error().code == Errc::invalid);  // and it stays ended
  }
  for (const Type type : {Type::hello, Type::proof, Type::order, Type::started, Type::refused, Type::media, Type::input_end, Type::outcome, Type::beat}) {
    Pair pair;
    CHECK(pair.worker.feed(frame(type, "x")).error().code == Errc::invalid);
  }
  Pair pair;
  CHECK(pair.dispatcher.feed(as_bytes(std::string_view("Z\0\0\0\0", 5))).error().code == Errc::invalid);
  Pair longer;
  CHECK(longer.dispatcher.feed(as_bytes(std::string_view("H\0\0\x10\x01", 5))).error().code == Errc::invalid);
  const auto done = whole_job();
  CHECK(done->dispatcher.feed(frame(Type::media, "after the outcome")).error().code == Errc::invalid);
  Pair ended;
  REQUIRE(ended.talk());
  CHECK(ended.worker.feed(as_bytes(std::string_view("D\0\x04\0\x01", 5))).error().code == Errc::invalid);
  Pair after;
  REQUIRE(after.talk());
  REQUIRE(after.worker.feed(frame(Type::input_end, "")));
  CHECK(after.worker.feed(frame(Type::media, "more")).error().code == Errc::invalid);
}

TEST_CASE("a hello is checked") {
  const std::string challenge(32, 'c');
  const auto fault = [](const std::string& hello) {
    Pair pair;
    return pair.dispatcher.feed(frame(Type::hello, hello)).error();
  };
  CHECK(fault(std::string("\1\6", 2) + "ticket").code == Errc::invalid);
  CHECK(fault(std::string("\2\6", 2) + "ticket" + challenge).what.find("version") != std::string::npos);
  CHECK(fault(std::string("\1\xff", 2) + "ticket" + challenge).code == Errc::invalid);
  CHECK(fault(std::string("\1\5", 2) + "ticke" + challenge).code == Errc::denied);
}
