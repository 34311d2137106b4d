#include "relay/outlook.hpp"

namespace sluice::relay {

void Outlook::failed(std::string_view why) {
  stage_ = Stage::hopeless;
  why_ = why;
}

void Outlook::posted(Steady now) {
  if (stage_ != Stage::posting) return;
  stage_ = Stage::posted;
  until_ = now + delivery_time;
}

void Outlook::delivered(bool to_a_worker, Steady now) {
  if (stage_ != Stage::asked) return;
  if (!to_a_worker) return failed("no worker is free");
  stage_ = Stage::coming;
  until_ = now + coming_time;
}

Outlook::Step Outlook::next(Steady now) {
  if (stage_ == Stage::hopeless) return Step::give_up;
  if (now < until_) return Step::wait;
  if (stage_ == Stage::posted) {
    stage_ = Stage::asked;
    until_ = now + redis_time;
    return Step::ask;
  }
  failed(stage_ == Stage::coming ? "the worker that was given the job does not come" : "Redis does not answer");
  return Step::give_up;
}

}  // namespace sluice::relay
