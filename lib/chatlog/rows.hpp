#pragma once
// Rows of the archive's file, for those that read it.
#include <string>

#include "chat/types.hpp"

namespace sluice::chatlog {

void read_more(const std::string& text, chat::Message& message);  // the column `more`, which is JSON

}  // namespace sluice::chatlog
