#include "stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "describe.hpp"
#include "log/log.hpp"
#include "measures.hpp"
#include "os/file.hpp"
#include "publisher.hpp"

namespace sluice::ingestd {

using media::Step;

namespace {
constexpr seconds beat{2};            // house keeping
constexpr unsigned beats_a_renewal = 2;  // of a lease that lives 10 s
constexpr std::chrono::seconds platform_retry{1};
}  // namespace

Stream::Stream(Surroundings& around, Held held, bool resumed)
    : around_(around),
      held_(std::move(held)),
      retention_(around.config.retention),
      intake_(retention_, around.config.intake),
      life_(around.config.life, system_clock().steady(), resumed),
      deadline_(around.loop),
      lock_retry_(around.loop),
      keeping_(around.loop),
      platform_retry_(around.loop),
      absence_(around.loop),
      generation_(resumed ? 1 : 0),
      renditions_(held_.channel.name, held_.stream.value()) {
  if (held_.live) measures().streams.Increment();
}

Stream::~Stream() {
  if (stalled_) measures().stalled.Decrement();
}

Result<> Stream::open(std::unique_ptr<hls::LedgerReader> read) {
  if (around_.config.feed == Feed::ledger) {
    const std::string directory = around_.config.ledgers + "/" + held_.stream.value();
    if (held_.live && !read) mend_ledger(directory);  // not of one that is handed over: nothing died
    ledger_ = std::make_unique<LedgerFollow>(around_.folders, directory, [this] { ledger_grown(); });
    SLUICE_TRY(ledger_->open(std::move(read)));
    epoch_ms_ = ledger_->epoch_ms();
    const auto written = ledger_->last_written();
    const milliseconds age = written ? system_clock().wall() - *written : milliseconds(0);
    written_at_ = now() - std::clamp(age, milliseconds(0), around_.config.resume_within);
    renditions_.look(ledger_->renditions());
    intake_.remember(pictures_of(ledger_->renditions()));
    if (ledger_->ended()) life_.ledger_ended();
  }
  keeping_.every(beat, [this] { house_keeping(); });
  if (held_.live) await_media();
  arm();  // not act(): a new stream's publisher is about to be attached
  return {};
}

bool Stream::fresh(milliseconds within) const {
  const auto written = ledger_ ? ledger_->last_written() : std::nullopt;
  return !written || system_clock().wall() - *written <= within;
}

void Stream::attach(std::shared_ptr<Publisher> publisher) {
  if (publisher_) measures().publishers.Decrement();  // taken over
  publisher_ = std::move(publisher);
  end_absence();
  intake_.begin(goes_on_at(), epoch_ms_.has_value(), publisher_->clock());
  advised_ = false;
  media_at_ = now();
  life_.publisher_arrived();
  await_media();
  measures().publishers.Increment();
  act();
}

void Stream::detach(bool goodbye) {
  if (!publisher_) return;
  if (goodbye) note_media();
  publisher_.reset();
  measures().publishers.Decrement();
  life_.publisher_gone(goodbye, now());
  log::info(goodbye ? "the publisher said goodbye" : "the publisher is gone",
            {{"channel", held_.channel.name}, {"stream", held_.stream.value()}});
  if (!goodbye) await_media();
  pump();
}

void Stream::took_in() {
  note_media();
  pump();
}

void Stream::end(std::string_view why) {
  log::info("ending the stream", {{"channel", held_.channel.name}, {"stream", held_.stream.value()}, {"why", why}});
  life_.end();
  if (publisher_) measures().publishers.Decrement();
  publisher_.reset();
  act();
}

void Stream::park() {
  life_.park();
  act();
}

void Stream::limits_changed() {
  life_.set_policy(around_.config.life);
  retention_.set_limits(around_.config.retention);
  if (!frozen_) act();
}

// Gives the pipeline what it takes.
void Stream::pump() {
  if (frozen_) return;
  if (around_.config.feed == Feed::nowhere) {
    if (retention_.peek() != nullptr) life_.part_written();
    retention_.clear();
    return act();
  }
  const media::Retained* next = retention_.peek();
  if (next != nullptr && !epoch_ms_) {
    epoch_ms_ = system_clock().wall().time_since_epoch().count() - intake_.reached() / 1000;
  }
  if (pipeline_ && life_.feeding()) {
    if (next != nullptr && pipeline_->wants_more()) life_.taken(now());
    for (; next != nullptr && pipeline_->wants_more(); next = retention_.peek()) {
      if (next->run != pipeline_->run()) {
        life_.boundary();
        break;
      }
      pipeline_->write(next->packet);
      std::int64_t& fed = fed_us_[next->packet.track];
      fed = std::max(fed, next->dts_us);
      std::optional<std::int64_t>& last = next->run->tracks[next->packet.track].kind() == media::Kind::audio ? heard_us_ : shown_us_;
      last = std::max(last.value_or(0), next->pts_us);
      retention_.advance();
    }
    pipeline_->flush();
    if (!ledger_) {
      retention_.passed(std::ranges::max(fed_us_));
      life_.part_written();
    }
  }
  life_.data(next != nullptr);
  act();
}

void Stream::act() {
  if (acting_ || over_ || frozen_) return;
  acting_ = true;
  const auto keep = shared_from_this();
  while (const auto step = life_.next(now())) perform(*step);
  acting_ = false;
  arm();
}

void Stream::arm() {
  if (over_ || frozen_) return;
  std::optional<Steady> when = life_.deadline();
  if (const auto other = intake_.deadline()) when = when ? std::min(*when, *other) : other;
  if (when == armed_for_) return;
  armed_for_ = when;
  if (!when) return deadline_.cancel();
  deadline_.after(std::max(*when - now(), Steady::duration::zero()), [this] {
    armed_for_.reset();
    if (frozen_) return;
    intake_.tick(now());
    pump();
  });
}

void Stream::perform(Step step) {
  log::debug("step", {{"stream", held_.stream.value()}, {"step", media::name(step)}});
  switch (step) {
    case Step::spawn: return start_pipeline();
    case Step::close_input:
      mark_pause();
      return pipeline_->close_input();
    case Step::kill:
      for_successor_ = life_.held();
      if (!for_successor_) log::warn(life_.feeding() ? "the pipeline takes nothing: killing it" : "the pipeline does not end: killing it", {{"stream", held_.stream.value()}});
      return pipeline_->kill();
    case Step::mark_end: end_absence(); return mark("end");
    case Step::finish: return finish();
    case Step::go_live: return go_live();
    case Step::go_offline: return go_offline();
    case Step::forget: return over();
  }
}

void Stream::ledger_grown() {
  renditions_.look(ledger_->renditions());
  if (ledger_->has_independent_part()) life_.part_written();
  if (ledger_->ended()) life_.ledger_ended();
  note_growth();
  if (const auto end = drained(); end && life_.feeding()) retention_.passed(*end);
  pump();
}

void Stream::note_growth() {
  const std::int64_t end = ledger_->greatest_end();
  if (end <= ledger_end_us_) return;
  ledger_end_us_ = end;
  if (end <= gaps_until_us_) return;  // nobody's media
  written_at_ = now();
  life_.progressed();
  if (!std::exchange(grown_, true)) working_ = command_;
}

void Stream::go_live() {
  if (!around_.config.live.empty()) {
    Result<> linked = os::make_directories(around_.config.live);
    if (linked)
      linked = os::replace_symlink(os::link_text(around_.config.ledgers, around_.config.live) + "/" + held_.stream.value(),
                                   around_.config.live + "/" + held_.channel.name);
    if (!linked) log::error("no link to the live stream", {{"channel", held_.channel.name}, linked.error()});
  }
  if (!held_.live) measures().streams.Increment();
  held_.live = true;
  around_.platform.go_live(held_, [weak = weak_from_this()](Result<> done) {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    const auto& held = self->held_;
    self->announced_ = done.has_value();
    if (done) return log::info("go_live", {{"channel", held.channel.name}, {"stream", held.stream.value()}});
    log::error("the stream could not be announced", {{"channel", held.channel.name}, done.error()});
    if (done.error().code == Errc::unavailable || done.error().code == Errc::io)
      self->platform_retry_.after(platform_retry, [self = self.get()] { self->go_live(); });
  });
}

void Stream::go_offline() {
  platform_retry_.cancel();
  around_.platform.go_offline(held_, [self = shared_from_this()](Result<> done) {
    if (!done) {
      log::error("the stream's end could not be recorded", {{"stream", self->held_.stream.value()}, done.error()});
      if (done.error().code == Errc::unavailable || done.error().code == Errc::io)
        return self->platform_retry_.after(platform_retry, [raw = self.get()] { raw->go_offline(); });
    }
    const std::string& live = self->around_.config.live;
    if (!live.empty() && self->held_.live) ::unlink((live + "/" + self->held_.channel.name).c_str());
    log::info("end_stream", {{"channel", self->held_.channel.name}, {"stream", self->held_.stream.value()}});
    self->life_.offline();
    self->over();
  });
}

void Stream::over() {
  if (over_) return;
  over_ = true;
  end_absence();
  gaps_.reset();
  around_.unrenewed.reset();  // those that go on will say it again
  if (held_.live) measures().streams.Decrement();
  else if (ledger_) ::rmdir(ledger_->directory().c_str());  // nothing was taken of it: it goes only if it is empty
  deadline_.cancel();
  keeping_.cancel();
  platform_retry_.cancel();
  lock_retry_.cancel();
  pipeline_.reset();
  around_.forget(*this);
}

void Stream::house_keeping() {
  if (frozen_) return;
  if (pipeline_) pipeline_->flush();
  const auto& counts = intake_.counts();
  bits_per_second_ = (counts.bytes - counted_bytes_) * 8 / beat.count();
  counted_bytes_ = counts.bytes;
  const auto& dropped = retention_.counts();
  if (dropped.dropped_packets > counted_drops_) {
    measures().dropped_packets.Increment(static_cast<double>(dropped.dropped_packets - counted_drops_));
    log::warn("frames dropped: the pipeline is too slow",
              {{"stream", held_.stream.value()}, {"frames", dropped.dropped_packets}, {"gops", dropped.dropped_gops}});
    measures().dropped_gops.Increment(static_cast<double>(dropped.dropped_gops - counted_dropped_gops_));
    counted_drops_ = dropped.dropped_packets;
    counted_dropped_gops_ = dropped.dropped_gops;
  }
  if (const std::string text = keyframe_advice(); !text.empty() && !advised_) {
    advised_ = true;
    log::warn(text, {{"channel", held_.channel.name}, {"stream", held_.stream.value()}});
  }
  look_for_stall();
  look_for_silent_tracks();
  if (++beats_ % beats_a_renewal == 0) renew();
}

void Stream::renew() {
  around_.platform.renew(held_, [weak = weak_from_this()](Result<> done) {
    const auto self = weak.lock();
    if (!self || self->over_ || self->frozen_) return;  // a successor renews at once
    std::optional<Unrenewed>& unrenewed = self->around_.unrenewed;
    if (done) return unrenewed.reset();
    log::error("the channel's lock could not be renewed", {{"channel", self->held_.channel.name}, done.error()});
    if (done.error().code != Errc::conflict) {
      unrenewed = Unrenewed{done.error(), unrenewed ? unrenewed->since : system_clock().wall()};
      return;
    }
    if (const auto publisher = self->publisher_) {
      self->detach(false);
      publisher->drop("another node has taken this channel over");
    }
    self->park();
  });
}

std::string Stream::advice() const {
  const std::string sender = publisher_ ? publisher_->advice() : "";  // which it has logged itself
  return sender.empty() ? keyframe_advice() : sender;
}

std::string Stream::keyframe_advice() const {
  if (!ledger_ || intake_.video() == nullptr) return {};
  const milliseconds segment = ledger_->segment().value_or(milliseconds(2000));
  const auto interval = std::chrono::round<milliseconds>(intake_.keyframe_interval());
  const milliseconds fits = segment + milliseconds(100);
  const auto usual = [&] {
    const auto known = source_mark();
    return intake_.often_over(fits) || (known && media::is_habit(*known));
  };
  if (interval <= fits || !usual()) {
    for (const media::PublisherTrack& track : intake_.tracks())
      if (track.at && track.astray)
        return "the keyframes of " + name_of(track) + " do not stand where those of the first video track do: give all tracks the same keyframe interval";
    return {};
  }
  return fmt::format("keyframes are {}{:.1f} s apart: set the encoder's keyframe interval to {} s", intake_.keyframe_due() ? "at least " : "up to ", static_cast<double>(interval.count()) / 1000,
                     segment.count() / 1000);
}

}  // namespace sluice::ingestd
