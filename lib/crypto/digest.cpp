#include "crypto/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.hpp"

namespace sluice::crypto {

namespace {
template <class Digest>
Digest digest(ByteView data, const EVP_MD* md) {
  Digest out;
  EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, md, nullptr);
  return out;
}
}  // namespace

Sha256 sha256(ByteView data) { return digest<Sha256>(data, EVP_sha256()); }
Sha1 sha1(ByteView data) { return digest<Sha1>(data, EVP_sha1()); }

Sha256 hmac_sha256(ByteView key, ByteView data) {
  Sha256 out;
  unsigned size = out.size();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
       data.size(), reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

struct Sha256Pieces::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Impl() { EVP_MD_CTX_free(context); }
};

Sha256Pieces::Sha256Pieces() : impl_(std::make_unique<Impl>()) { EVP_DigestInit_ex(impl_->context, EVP_sha256(), nullptr); }
Sha256Pieces::~Sha256Pieces() = default;

void Sha256Pieces::add(ByteView piece) { EVP_DigestUpdate(impl_->context, piece.data(), piece.size()); }

Sha256 Sha256Pieces::finish() {
  Sha256 out;
  EVP_DigestFinal_ex(impl_->context, reinterpret_cast<unsigned char*>(out.data()), nullptr);
  return out;
}

std::string secret_hash(std::string_view secret) { return hex(sha256(as_bytes(secret))); }

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sluice::crypto
