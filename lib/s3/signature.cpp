#include "s3/signature.hpp"

#include <algorithm>
#include <map>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "crypto/digest.hpp"

namespace sluice::s3 {
namespace {

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string encoded(std::string_view text, bool keep_slash) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c) || (keep_slash && c == '/')) {
      out += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out += {'%', digits[octet >> 4], digits[octet & 15]};
    }
  }
  return out;
}

std::string canonical_query(const Fields& query) {
  Fields sorted;
  for (const auto& [name, value] : query) sorted.emplace_back(encoded(name, false), encoded(value, false));
  std::ranges::sort(sorted);
  std::string out;
  for (const auto& [name, value] : sorted) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

// Spaces off both ends, runs of them within made one.
std::string collapsed(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

// By lower-case name; values of a name that comes again are joined in their order.
std::map<std::string, std::string> canonical_headers(const Request& request) {
  std::map<std::string, std::string> out{{"host", request.host}};
  for (const auto& [name, value] : request.headers) {
    const auto [at, fresh] = out.try_emplace(ascii_lower(name), collapsed(value));
    if (!fresh) at->second += "," + collapsed(value);
  }
  return out;
}

std::string joined_names(const std::map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) out += (out.empty() ? "" : ";") + name;
  return out;
}

std::string scope_text(const Scope& scope, std::string_view date) {
  return std::string(date.substr(0, 8)) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

crypto::Sha256 signing_key(const Credentials& credentials, const Scope& scope, std::string_view date) {
  const auto dated = crypto::hmac_sha256(as_bytes("AWS4" + credentials.secret_key), as_bytes(date.substr(0, 8)));
  const auto regional = crypto::hmac_sha256(dated, as_bytes(scope.region));
  const auto serving = crypto::hmac_sha256(regional, as_bytes(scope.service));
  return crypto::hmac_sha256(serving, as_bytes("aws4_request"));
}

}  // namespace

std::string encoded_path(std::string_view path) { return encoded(path, true); }

std::string amz_date(Wall at) {
  std::string out;
  for (const char c : format_rfc3339(at)) {
    if (c == '.') break;
    if (c != '-' && c != ':') out += c;
  }
  return out + "Z";
}

std::string canonical_request(const Request& request, std::string_view payload_hash) {
  const auto headers = canonical_headers(request);
  std::string out = request.method + "\n" + encoded_path(request.path) + "\n" + canonical_query(request.query) + "\n";
  for (const auto& [name, value] : headers) out += name + ":" + value + "\n";
  return out + "\n" + joined_names(headers) + "\n" + std::string(payload_hash);
}

std::string authorization(const Request& request, const Credentials& credentials, const Scope& scope, Wall now, std::string_view payload_hash) {
  const std::string date = amz_date(now);
  const std::string canonical = canonical_request(request, payload_hash);
  const std::string to_sign = "AWS4-HMAC-SHA256\n" + date + "\n" + scope_text(scope, date) + "\n" + hex(crypto::sha256(as_bytes(canonical)));
  const std::string signature = hex(crypto::hmac_sha256(signing_key(credentials, scope, date), as_bytes(to_sign)));
  return "AWS4-HMAC-SHA256 Credential=" + credentials.access_key + "/" + scope_text(scope, date) +
         ", SignedHeaders=" + joined_names(canonical_headers(request)) + ", Signature=" + signature;
}

Fields signed_fields(const Request& request, const Credentials& credentials, const Scope& scope, Wall now, std::string_view payload_hash) {
  Request whole = request;
  whole.headers.emplace_back("X-Amz-Content-Sha256", payload_hash);
  whole.headers.emplace_back("X-Amz-Date", amz_date(now));
  if (!credentials.session_token.empty()) whole.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);
  Fields fields = whole.headers;
  fields.emplace_back("Authorization", authorization(whole, credentials, scope, now, payload_hash));
  return fields;
}

}  // namespace sluice::s3
