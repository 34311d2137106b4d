#include <catch2/catch.hpp>
#include <filesystem>

#include "http/gzip.hpp"
#include "http/static_files.hpp"
#include "os/file.hpp"

using namespace sluice;
using namespace sluice::http;

TEST_CASE("gzip goes there and back, and damage is told") {
  for (std::string text : {std::string(), std::string("a"), std::string(100'000, 'x')}) {
    auto packed = gzip(as_bytes(text));
    auto plain = gunzip(packed);
    REQUIRE(plain);
    CHECK(as_text(*plain) == text);
    packed.resize(packed.size() - 4);
    CHECK_FALSE(gunzip(packed));
  }
  CHECK_FALSE(gunzip(gzip(as_bytes(std::string(100'000, 'x'))), 1000));
  CHECK_FALSE(gunzip(as_bytes("hello")));
}

TEST_CASE("If-None-Match is compared weakly") {
  CHECK(none_match_names("\"a\"", "\"a\""));
  CHECK(none_match_names("\"b\", W/\"a\"", "\"a\""));
  CHECK(none_match_names("*", "\"a\""));
  CHECK_FALSE(none_match_names("\"b\"", "\"a\""));
  CHECK_FALSE(none_match_names("", "\"a\""));
}

TEST_CASE("static files are found below their directory only") {
  auto directory = std::filesystem::temp_directory_path() / "sluice-static-files-test";
  std::filesystem::create_directories(directory / "assets");
  REQUIRE(os::write_file_atomically(directory / "assets/a.js", std::string(5000, ' ')));
  auto files = StaticFiles::load(directory);
  std::filesystem::remove_all(directory);
  REQUIRE(files);
  Request request;
  auto plain = files->answer(request, "assets/a.js", "no-cache");
  CHECK(plain.status == 200);
  CHECK(std::get<SharedBytes>(plain.body)->size() == 5000);
  request.headers.emplace_back("Accept-Encoding", "gzip");
  CHECK(std::get<SharedBytes>(files->answer(request, "assets/a.js", "no-cache").body)->size() < 200);
  CHECK(files->answer(request, "assets/b.js", "no-cache").status == 404);
  CHECK(files->answer(request, "../a.js", "no-cache").status == 404);
  CHECK(StaticFiles::load(directory).error().code == Errc::not_found);
}
