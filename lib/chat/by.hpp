#pragma once
#include <string>

#include "chat/types.hpp"

namespace sluice::chat {

// Who acts, and where: what every entry of the audit log tells.
struct By {
  User user;
  std::string address;  // of the connection; "local" for the machine's own shell
};

}  // namespace sluice::chat
