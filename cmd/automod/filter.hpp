#pragma once
// The filter: standard input's lines through the judge to standard output, in order. What was read is
// answered before more is waited for.
#include <memory>

#include "app/options.hpp"
#include "automod/linear_model.hpp"
#include "automod/lines.hpp"
#include "command.hpp"
#include "summary.hpp"

namespace sluice::automod {

class Filter {
 public:
  static Result<Filter> make(const app::Settings& settings);
  Result<int> run();  // the exit code

 private:
  Filter() = default;
  Result<> answer(std::string_view line);
  void refuse(BadLine bad);
  Result<> answer_all(std::optional<Lines::Line> (Lines::*next)());
  Result<> flush();
  void read_again();

  bool diff_ = false, json_ = false, summarise_ = false;
  Telling telling_;
  std::unique_ptr<LinearModel> model_;
  std::unique_ptr<Command> command_;
  std::unique_ptr<Judge> judge_;
  Lines lines_;
  std::size_t number_ = 0;  // of the line
  bool bad_lines_ = false;
  std::string out_;
  Summary summary_;
};

}  // namespace sluice::automod
