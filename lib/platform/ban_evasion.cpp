#include "platform/ban_evasion.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/bytes.hpp"
#include "crypto/digest.hpp"

namespace sluice::platform {

namespace {
constexpr std::array evasions{BanEvasion::off, BanEvasion::flag, BanEvasion::hold};

// The bits before the rest, as an address is written: {10, 0, 0, 0}/8.
template <std::size_t size>
struct Network {
  std::array<std::uint8_t, size> start;
  int bits;

  bool holds(const std::array<std::uint8_t, size>& address) const {
    for (int bit = 0; bit < bits; ++bit) {
      const int mask = 0x80 >> (bit % 8);
      if ((address[bit / 8] & mask) != (start[bit / 8] & mask)) return false;
    }
    return true;
  }
};
using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

// IANA's special-purpose registries (RFC 6890), as far as many may be behind one address.
constexpr std::array shared_ipv4{Network<4>{{0, 0, 0, 0}, 8},      Network<4>{{10, 0, 0, 0}, 8},
                                 Network<4>{{100, 64, 0, 0}, 10},  Network<4>{{127, 0, 0, 0}, 8},
                                 Network<4>{{169, 254, 0, 0}, 16}, Network<4>{{172, 16, 0, 0}, 12},
                                 Network<4>{{192, 168, 0, 0}, 16}, Network<4>{{224, 0, 0, 0}, 3}};
constexpr std::array shared_ipv6{Network<16>{{}, 127},  // :: and ::1
                                 Network<16>{{0xfc}, 7}, Network<16>{{0xfe, 0x80}, 10},
                                 Network<16>{{0xff}, 8}};
constexpr Network<16> mapped_ipv4{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr std::size_t household = 8;  // bytes of an IPv6 address

template <class Networks, class Address>
bool in_any(const Networks& networks, const Address& address) {
  return std::ranges::any_of(networks, [&](const auto& network) { return network.holds(address); });
}

std::string mark_of(char kind, std::string_view key, std::string_view what,
                    std::span<const std::uint8_t> of) {
  std::string text(what);
  text.append(of.begin(), of.end());
  const crypto::Sha256 digest = crypto::hmac_sha256(as_bytes(key), as_bytes(text));
  std::string mark(1, kind);
  for (std::size_t i = 0; i < 16; ++i) mark += fmt::format("{:02x}", static_cast<unsigned>(digest[i]));
  return mark;
}

std::optional<std::string> ipv4_mark(std::string_view key, const Ipv4& address) {
  if (in_any(shared_ipv4, address)) return std::nullopt;
  return mark_of('a', key, "ipv4:", address);
}
}  // namespace

std::string_view name(BanEvasion evasion) {
  switch (evasion) {
    case BanEvasion::off:
      return "off";
    case BanEvasion::flag:
      return "flag";
    case BanEvasion::hold:
      return "hold";
  }
  return "";
}

Result<BanEvasion> parse_ban_evasion(std::string_view typed) {
  for (BanEvasion known : evasions)
    if (typed == name(known)) return known;
  return fail(Errc::invalid, fmt::format("ban_evasion cannot be \"{}\"", typed), "off, flag or hold");
}

Result<EvasionSettings> apply(const EvasionPatch& patch, EvasionSettings settings) {
  if (patch.action) settings.action = *patch.action;
  return settings;
}

std::string_view name(MarkKind kind) {
  return kind == MarkKind::address ? "address" : "fingerprint";
}

std::optional<std::string> address_mark(std::string_view key, std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));  // without a scope
  if (Ipv4 four{}; ::inet_pton(AF_INET, text.c_str(), four.data()) == 1) return ipv4_mark(key, four);
  Ipv6 six{};
  if (::inet_pton(AF_INET6, text.c_str(), six.data()) != 1) return std::nullopt;
  if (mapped_ipv4.holds(six)) return ipv4_mark(key, {six[12], six[13], six[14], six[15]});
  if (in_any(shared_ipv6, six)) return std::nullopt;
  return mark_of('a', key, "ipv6:", std::span(six).first(household));
}

std::optional<std::string> fingerprint_mark(std::string_view key, std::string_view fingerprint) {
  if (fingerprint.empty() || fingerprint.size() > fingerprint_limit) return std::nullopt;
  return mark_of('f', key, "fingerprint:" + std::string(fingerprint), {});
}

std::optional<MarkKind> kind_of(std::string_view mark) {
  if (mark.starts_with('a')) return MarkKind::address;
  if (mark.starts_with('f')) return MarkKind::fingerprint;
  return std::nullopt;
}

}  // namespace sluice::platform
