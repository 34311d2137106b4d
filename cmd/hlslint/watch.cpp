#include "watch.hpp"

#include <algorithm>

#include "curl/transfers.hpp"
#include "lint/watcher.hpp"
#include "os/file.hpp"

namespace sluice::hlslint {
namespace {

constexpr milliseconds longest_turn{1000};
// S3 and its like say that pages may read what they have only to those who ask as a page does.
constexpr const char* some_page = "https://player.example";

lint::Fault fault_of(const curl::Exchange& exchange) {
  switch (exchange.fault) {
    case curl::Fault::too_large: return lint::Fault::too_large;
    case curl::Fault::encoding: return lint::Fault::encoding;
    case curl::Fault::certificate: return lint::Fault::untrusted;
    case curl::Fault::ca_file: return lint::Fault::certificates;
    case curl::Fault::url: return lint::Fault::url;
    default: return lint::Fault::none;
  }
}

lint::Reply reply_of(std::uint64_t id, const curl::Exchange& exchange) {
  return {id, exchange.url, exchange.status, exchange.error, exchange.timed_out, exchange.cut, exchange.http, exchange.headers, exchange.body, exchange.asked, exchange.first, exchange.done, fault_of(exchange)};
}

}  // namespace

bool is_url(std::string_view place) { return place.starts_with("http://") || place.starts_with("https://"); }

Result<> check_certificates(const std::string& path) {
  const auto text = os::read_file(path);
  if (!text) return fail(Errc::config, "--ca-file: " + text.error().what, "give a file of certificates in PEM");
  if (!text->contains("-----BEGIN ") || !text->contains("CERTIFICATE-----")) return fail(Errc::config, "--ca-file: " + path + " holds no certificate in PEM", "a certificate begins with -----BEGIN CERTIFICATE-----");
  return {};
}

Result<> watch(const std::string& url, const lint::Options& options, const std::string& ca_file, const std::function<void(const hls::Finding&)>& found) {
  curl::Transfers transfers({.ca_file = ca_file, .user_agent = "hlslint"});
  lint::Watcher watcher(url, options);
  while (!watcher.done()) {
    for (const lint::Ask& ask : watcher.take(system_clock().steady())) {
      transfers.send({.url = ask.url, .headers = {{"Origin", some_page}}, .patience = ask.patience, .to_connect = ask.patience, .redirects = true, .most_answer = ask.most}, [&watcher, id = ask.id](const curl::Exchange& exchange) { watcher.answer(reply_of(id, exchange)); });
    }
    milliseconds wait = longest_turn;
    if (const auto wake = watcher.wake()) {
      wait = std::clamp(std::chrono::ceil<milliseconds>(*wake - system_clock().steady()), milliseconds(0), longest_turn);
    }
    if (!watcher.done()) SLUICE_TRY(transfers.turn(wait));
    for (const hls::Finding& finding : watcher.take_findings()) found(finding);
  }
  for (const hls::Finding& finding : watcher.take_findings()) found(finding);
  if (watcher.failure()) return std::unexpected(*watcher.failure());
  return {};
}

}  // namespace sluice::hlslint
