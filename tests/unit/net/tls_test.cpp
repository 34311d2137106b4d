#include "net/tls.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace sluice;
using net::TlsContext;
using net::TlsSession;

namespace {

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/sluice-tls-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const char* name) const { return path / name; }
};

std::shared_ptr<const TlsContext> context(const Folder& folder) {
  REQUIRE(net::make_self_signed(folder / "cert", folder / "key"));
  auto made = TlsContext::load(folder / "cert", folder / "key");
  REQUIRE(made);
  return *made;
}

// A certificate in PEM whose issuer is not its subject.
std::string signed_by_another() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_pubkey(certificate, key);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  const auto name = [](X509_NAME* of, const char* text) { X509_NAME_add_entry_by_txt(of, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1, 0); };
  name(X509_get_subject_name(certificate), "live.example");
  name(X509_get_issuer_name(certificate), "an authority");
  X509_sign(certificate, key, EVP_sha256());
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return pem;
}

// OpenSSL's own client, in memory.
struct Client {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = nullptr;
  explicit Client(int newest = TLS1_3_VERSION) {
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, newest);
    SSL_CTX_set_security_level(context, 0);
    ssl = SSL_new(context);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl);
  }
  ~Client() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  Bytes output() {
    Bytes bytes(BIO_ctrl_pending(SSL_get_wbio(ssl)));
    if (!bytes.empty()) BIO_read(SSL_get_wbio(ssl), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void input(ByteView bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl), bytes.data(), static_cast<int>(bytes.size()));
  }
};

// Hands bytes to and fro, `step` at a time, until both rest. The server's first error.
Result<> talk(Client& client, TlsSession& server, Bytes& plain, std::size_t step = 100'000) {
  for (int i = 0; i < 10; ++i) {
    if (!SSL_is_init_finished(client.ssl)) SSL_do_handshake(client.ssl);
    const Bytes sent = client.output();
    for (std::size_t at = 0; at < sent.size(); at += step)
      SLUICE_TRY(server.receive(ByteView(sent).subspan(at, std::min(step, sent.size() - at)), plain));
    client.input(server.take_output());
  }
  return {};
}

}  // namespace

TEST_CASE("a handshake of both versions, cut anywhere, and data both ways") {
  const Folder folder;
  const auto certificate = context(folder);
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::size_t step = GENERATE(std::size_t{1}, std::size_t{7}, std::size_t{100'000});
  Client client(version);
  TlsSession server(*certificate);
  Bytes plain;
  REQUIRE(talk(client, server, plain, step));
  REQUIRE(server.established());
  const std::string text(40'000, 'x');
  SSL_write(client.ssl, text.data(), static_cast<int>(text.size()));
  server.send(as_bytes("answer"));
  REQUIRE(talk(client, server, plain, step));
  CHECK(as_text(plain) == text);
  char read[16];
  CHECK(SSL_read(client.ssl, read, sizeof read) == 6);
  SSL_shutdown(client.ssl);
  REQUIRE(talk(client, server, plain, step));
  CHECK(server.ended());
}

TEST_CASE("TLS 1.1, plain RTMP and random bytes are refused") {
  const Folder folder;
  const auto certificate = context(folder);
  Bytes plain;
  Client old(TLS1_1_VERSION);
  TlsSession first(*certificate);
  CHECK_FALSE(talk(old, first, plain));
  TlsSession second(*certificate);
  const auto clear = second.receive(Bytes(1, std::byte{3}), plain);  // the first byte tells
  REQUIRE_FALSE(clear);
  CHECK(clear.error().what == "not TLS: the first byte is 0x03");
  TlsSession third(*certificate);
  CHECK_FALSE(third.receive(as_bytes("GET / HTTP/1.1\r\n\r\n"), plain));
  CHECK(plain.empty());
}

TEST_CASE("a handshake that never ends is cut off by its length") {
  const Folder folder;
  const auto certificate = context(folder);
  TlsSession server(*certificate);
  Bytes plain;
  // A client hello that says it is 16 MB long, in records.
  Bytes record;
  ByteWriter(record).u8(22).be16(0x0301).be16(4).u8(1).be24(0xffffff);
  Result<> said = server.receive(record, plain);
  for (int i = 0; said && i < 100; ++i) {
    Bytes more;
    ByteWriter(more).u8(22).be16(0x0301).be16(1024).zeros(1024);
    said = server.receive(more, plain);
  }
  CHECK_FALSE(said);
}

TEST_CASE("files that are no certificate are named") {
  const Folder folder;
  context(folder);
  std::ofstream(folder / "bad") << "nonsense";
  CHECK(TlsContext::load(folder / "bad", folder / "key").error().what.find(folder / "bad") != std::string::npos);
  CHECK(TlsContext::load(folder / "cert", folder / "bad").error().what.find(folder / "bad") != std::string::npos);
  const auto why = [&](const char* certificate, const char* key) { return TlsContext::load(folder / certificate, folder / key).error().what; };
  CHECK(why("none", "key") == "read certificate " + (folder / "none") + ": No such file or directory");
  CHECK(why("cert", "none") == "read key " + (folder / "none") + ": No such file or directory");
  std::ofstream(folder / "empty").flush();
  CHECK(why("empty", "key") == "certificate " + (folder / "empty") + " cannot be used: no certificate stands in it");
  CHECK(why("cert", "empty") == "key " + (folder / "empty") + " cannot be used: no key stands in it");
  REQUIRE(net::make_self_signed(folder / "other", folder / "other-key"));
  CHECK(why("cert", "other-key") == "key " + (folder / "other-key") + " is not that of certificate " + (folder / "cert"));
  EVP_PKEY* rsa = EVP_RSA_gen(2048);  // of another kind than the certificate's
  std::FILE* file = std::fopen((folder / "rsa").c_str(), "w");
  REQUIRE(PEM_write_PrivateKey(file, rsa, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  std::fclose(file);
  EVP_PKEY_free(rsa);
  CHECK(why("cert", "rsa") == "key " + (folder / "rsa") + " is not that of certificate " + (folder / "cert"));
}

TEST_CASE("a self-signed pair is made once, its key readable by its owner only") {
  const Folder folder;
  const auto made = context(folder);
  CHECK(made->expires() > system_clock().wall() + std::chrono::hours(24 * 3000));
  const auto rights = std::filesystem::status(folder / "key").permissions();
  CHECK(rights == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const auto before = std::filesystem::last_write_time(folder / "cert");
  REQUIRE(net::make_self_signed(folder / "cert", folder / "key"));
  CHECK(std::filesystem::last_write_time(folder / "cert") == before);
}

std::string content(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_CASE("a certificate or a key that somebody has put in the place of ours is never replaced") {
  const Folder folder;
  context(folder);
  REQUIRE(net::make_self_signed(folder / "other", folder / "other-key"));
  SECTION("the certificate came first") { std::filesystem::rename(folder / "other", folder / "cert"); }
  SECTION("the key came first") { std::filesystem::rename(folder / "other-key", folder / "key"); }
  SECTION("a certificate without its end") { std::filesystem::resize_file(folder / "cert", 100); }
  SECTION("a key without its end") { std::filesystem::resize_file(folder / "key", 20); }
  SECTION("an empty key") { std::filesystem::resize_file(folder / "key", 0); }
  const std::string certificate = content(folder / "cert"), key = content(folder / "key");
  REQUIRE(net::make_self_signed(folder / "cert", folder / "key"));
  CHECK(content(folder / "cert") == certificate);
  CHECK(content(folder / "key") == key);
  CHECK_FALSE(TlsContext::load(folder / "cert", folder / "key"));
}

TEST_CASE("where somebody's certificate is about to be, none is made") {
  const Folder folder;
  context(folder);
  const std::string key = content(folder / "key");
  SECTION("a file that is just being written") { std::filesystem::resize_file(folder / "cert", 0); }
  SECTION("a link into a volume that is not mounted") {
    std::filesystem::remove(folder / "cert");
    std::filesystem::create_symlink(folder / "volume/cert", folder / "cert");
  }
  SECTION("both are links") {
    for (const char* name : {"cert", "key"}) {
      std::filesystem::remove(folder / name);
      std::filesystem::create_symlink(folder / "volume" + ("/" + std::string(name)), folder / name);
    }
  }
  const bool link = std::filesystem::is_symlink(folder / "cert");
  const auto refused = net::make_self_signed(folder / "cert", folder / "key");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find(folder / "cert") != std::string::npos);
  CHECK(refused.error().hint.find("remove") != std::string::npos);
  CHECK(std::filesystem::is_symlink(folder / "cert") == link);
  CHECK(content(folder / "cert").empty());
  if (!std::filesystem::is_symlink(folder / "key")) CHECK(content(folder / "key") == key);
}

TEST_CASE("a key alone gets a certificate, and one that is no key is named") {
  const Folder folder;
  context(folder);
  std::filesystem::remove(folder / "cert");
  SECTION("a start that was cut short, or a key that was copied first") {
    const std::string key = content(folder / "key");
    REQUIRE(net::make_self_signed(folder / "cert", folder / "key"));
    CHECK(content(folder / "key") == key);
    CHECK(TlsContext::load(folder / "cert", folder / "key"));
  }
  SECTION("no key") {
    std::ofstream(folder / "key") << "nonsense";
    const auto refused = net::make_self_signed(folder / "cert", folder / "key");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find(folder / "key") != std::string::npos);
    CHECK(content(folder / "key") == "nonsense");
  }
}

TEST_CASE("a pair that fits is served from a folder that cannot be written to; one that is to be made there is refused, with what to do") {
  const Folder folder;
  context(folder);
  std::filesystem::remove(folder / "cert.lock");
  std::filesystem::create_directory(folder / "cert.lock");  // no file can be made there, not even by root
  REQUIRE(net::make_self_signed(folder / "cert", folder / "key"));
  std::filesystem::remove(folder / "cert");
  const auto refused = net::make_self_signed(folder / "cert", folder / "key");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find(folder / "cert") != std::string::npos);
  CHECK_FALSE(refused.error().hint.empty());
}

TEST_CASE("what cannot be read is not replaced, nor a signed certificate whose key is missing") {
  const Folder folder;
  context(folder);
  SECTION("a key that is no file") {
    std::filesystem::remove(folder / "key");
    std::filesystem::create_directory(folder / "key");
    const auto refused = net::make_self_signed(folder / "cert", folder / "key");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find(folder / "key") != std::string::npos);
  }
  SECTION("a certificate that somebody signed") {
    std::ofstream(folder / "cert") << signed_by_another();
    std::filesystem::remove(folder / "key");
    REQUIRE(net::make_self_signed(folder / "cert", folder / "key"));
    CHECK_FALSE(std::filesystem::exists(folder / "key"));
    CHECK_FALSE(TlsContext::load(folder / "cert", folder / "key"));
  }
}

TEST_CASE("processes that make a self-signed pair in one place at the same moment leave one that fits") {
  for (int round = 0; round < 20; ++round) {
    const Folder folder;
    std::vector<std::thread> nodes;
    for (int i = 0; i < 4; ++i)
      nodes.emplace_back([&] { (void)net::make_self_signed(folder / "cert", folder / "key"); });
    for (std::thread& node : nodes) node.join();
    REQUIRE(TlsContext::load(folder / "cert", folder / "key"));
  }
}
