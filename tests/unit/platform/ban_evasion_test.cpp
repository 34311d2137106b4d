#include "platform/ban_evasion.hpp"

#include <set>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::platform;

TEST_CASE("what a room does about ban evasion has a name") {
  for (BanEvasion each : {BanEvasion::off, BanEvasion::flag, BanEvasion::hold})
    CHECK(parse_ban_evasion(name(each)).value() == each);
  const auto other = parse_ban_evasion("ban");
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Errc::invalid);
  CHECK(other.error().hint == "off, flag or hold");
  CHECK(apply(EvasionPatch{}, EvasionSettings{}).value().action == BanEvasion::flag);
  CHECK(apply(EvasionPatch{BanEvasion::hold}, EvasionSettings{}).value().action == BanEvasion::hold);
}

TEST_CASE("an IPv4 address has a mark of its own, mapped or not; of IPv6 a household has one") {
  const std::string one = address_mark("key", "203.0.113.7").value();
  CHECK(one.size() == 33);
  CHECK(kind_of(one) == MarkKind::address);
  CHECK(one.find("203") == std::string::npos);
  CHECK(address_mark("key", "::ffff:203.0.113.7") == one);
  CHECK(address_mark("key", "203.0.113.8") != one);
  CHECK(address_mark("other", "203.0.113.7") != one);

  const std::string home = address_mark("key", "2001:db8:1:2:aaaa::1").value();
  CHECK(address_mark("key", "2001:db8:1:2:bbbb:cccc:dddd:eeee") == home);
  CHECK(address_mark("key", "2001:0db8:0001:0002::") == home);
  CHECK(address_mark("key", "2001:db8:1:3::1") != home);
}

TEST_CASE("addresses that many share, and what is none, have no mark") {
  for (const char* address : {"127.0.0.1",
                              "127.8.9.10",
                              "::1",
                              "::",
                              "0.0.0.0",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.1.1",
                              "100.64.0.1",
                              "100.127.255.255",
                              "224.0.0.1",
                              "255.255.255.255",
                              "fe80::1",
                              "fe80::1%eth0",
                              "fc00::1",
                              "fd12:3456::1",
                              "ff02::1",
                              "::ffff:10.0.0.1",
                              "::ffff:127.0.0.1",
                              "",
                              "loopback",
                              "203.0.113",
                              "203.0.113.256",
                              "2001:db8::g",
                              "203.0.113.7:80"}) {
    INFO(address);
    CHECK_FALSE(address_mark("key", address));
  }
  for (const char* address : {"9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "192.167.1.1",
                              "100.63.255.255", "100.128.0.0", "223.255.255.255", "fec0::1", "2001:db8::1"}) {
    INFO(address);
    CHECK(address_mark("key", address));
  }
}

TEST_CASE("a fingerprint is marked as a whole, within its limit") {
  const std::string print = fingerprint_mark("key", "abc").value();
  CHECK(kind_of(print) == MarkKind::fingerprint);
  CHECK(fingerprint_mark("key", "abd") != print);
  CHECK(fingerprint_mark("other", "abc") != print);
  CHECK_FALSE(fingerprint_mark("key", ""));
  CHECK(fingerprint_mark("key", std::string(128, 'x')));
  CHECK_FALSE(fingerprint_mark("key", std::string(129, 'x')));
  CHECK_FALSE(kind_of(""));
  CHECK_FALSE(kind_of("x00"));
}

TEST_CASE("no two addresses of a thousand have the same mark, and the same one always has") {
  std::set<std::string> marks;
  for (int i = 0; i < 1000; ++i) {
    const std::string address = "203.0." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    const auto mark = address_mark("key", address);
    REQUIRE(mark);
    CHECK(mark == address_mark("key", address));
    marks.insert(*mark);
  }
  CHECK(marks.size() == 1000);
}
