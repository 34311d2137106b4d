#include <cmath>

#include <nlohmann/json.hpp>

#include "automod/judge.hpp"

namespace sluice::automod {

namespace {
using nlohmann::ordered_json;

ordered_json ranges(const std::vector<Span>& spans) {
  ordered_json out = ordered_json::array();
  for (const Span& span : spans) out.push_back({span.begin, span.end});
  return out;
}
double rounded(double score) {
  return std::round(score * 1000) / 1000;
}
}  // namespace

std::string render_defined(const Definition& definition, const Judge::Defined& defined) {
  ordered_json out{{"defined", definition.name}, {"entries", defined.entries}, {"refused", defined.refused}};
  if (defined.refused > 0) out["why"] = defined.why;
  return "{\"id\":" + definition.id_json + "," +
         out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(1) + "\n";
}

std::string render_verdict(const Message& message, const Judgement& judgement, const Telling& telling) {
  const Finding& decisive = judgement.decisive;
  ordered_json out{{"id", nullptr},
                   {"verdict", name(decisive.verdict)},
                   {"category", decisive.category},
                   {"level", judgement.level},
                   {"score", rounded(judgement.score)},
                   {"reason", name(decisive.reason)},
                   {"where", ranges(decisive.where)}};
  if (telling.was) out["was"] = name(*telling.was);
  if (telling.explain) {
    out["findings"] = ordered_json::array();
    for (const Finding& finding : judgement.findings)
      out["findings"].push_back({{"verdict", name(finding.verdict)},
                                 {"category", finding.category},
                                 {"reason", name(finding.reason)},
                                 {"score", rounded(finding.score)},
                                 {"where", ranges(finding.where)},
                                 {"detail", finding.detail}});
    out["folded"] = judgement.folded;
  }
  const std::string rest = out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return "{\"id\":" + message.id_json + rest.substr(std::string_view("{\"id\":null").size()) + "\n";
}

}  // namespace sluice::automod
