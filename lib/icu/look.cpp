#include "icu/look.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>

namespace sluice::icu_text {

namespace {
// Both belong to ICU or live as long as the process; their const calls may come from any thread.
const USpoofChecker* checker() {
  static const USpoofChecker* const it = [] {
    UErrorCode status = U_ZERO_ERROR;
    return uspoof_open(&status);
  }();
  return it;
}

const icu::Normalizer2* folding() {
  UErrorCode status = U_ZERO_ERROR;
  return icu::Normalizer2::getNFKCCasefoldInstance(status);
}

icu::UnicodeString skeleton(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeString out;
  uspoof_getSkeletonUnicodeString(checker(), 0, text, out, &status);
  return U_SUCCESS(status) ? out : text;
}

icu::UnicodeString drawn(const icu::UnicodeString& text) {
  icu::UnicodeString out;
  for (int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    const UChar32 c = text.char32At(at);
    if (!u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) && !u_isUWhiteSpace(c)) out.append(c);
  }
  return out;
}
}  // namespace

std::string look_of(std::string_view utf8) {
  // Capitals are folded between two skeletons: a capital I looks like l and not like i, and 0 looks like O,
  // which is then o.
  const icu::UnicodeString text =
      icu::UnicodeString::fromUTF8(icu::StringPiece(utf8.data(), static_cast<int32_t>(utf8.size())));
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString folded = folding()->normalize(skeleton(drawn(text)), status);
  std::string look;
  skeleton(folded).toUTF8String(look);
  return look;
}

}  // namespace sluice::icu_text
