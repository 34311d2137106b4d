#include "s3/credentials.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::s3 {
namespace {

// What may go into a header field.
bool sound(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f; });
}

Result<Credentials> checked(Credentials found, const std::string& from, const std::string& hint) {
  if (found.access_key.empty() || found.secret_key.empty())
    return fail(Errc::config, from + ": there is no " + (found.access_key.empty() ? "access key" : "secret key"), hint);
  if (!sound(found.access_key) || !sound(found.secret_key) || !sound(found.session_token))
    return fail(Errc::config, from + ": a key holds characters that no key has", "look for spaces and line ends");
  return found;
}

}  // namespace

Result<Credentials> parse_credentials(std::string_view text, std::string_view name_of_file) {
  const std::string from(name_of_file);
  Credentials found;
  std::string section = "default";
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      section = trim(line.substr(1, line.size() - 2));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      return fail(Errc::config, from + ":" + std::to_string(number) + ": no '='", "write 'aws_access_key_id = …' and 'aws_secret_access_key = …'");
    if (section != "default") continue;
    const std::string name = ascii_lower(trim(line.substr(0, equals)));
    const std::string_view value = trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") found.access_key = value;
    if (name == "aws_secret_access_key") found.secret_key = value;
    if (name == "aws_session_token") found.session_token = value;
  }
  return checked(std::move(found), from, "write 'aws_access_key_id = …' and 'aws_secret_access_key = …'");
}

Result<Credentials> credentials_from(const std::function<std::optional<std::string>(const std::string&)>& environment) {
  Credentials found;
  found.access_key = environment("AWS_ACCESS_KEY_ID").value_or("");
  found.secret_key = environment("AWS_SECRET_ACCESS_KEY").value_or("");
  found.session_token = environment("AWS_SESSION_TOKEN").value_or("");
  return checked(std::move(found), "the environment", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --s3-credentials FILE");
}

}  // namespace sluice::s3
