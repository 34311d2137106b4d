#include "automod/fold.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

#include "base/utf8.hpp"

namespace sluice::automod {

namespace {

constexpr std::size_t most_in_segment = 32;  // a letter and its marks; heaps of marks are cut there
constexpr std::size_t most_remembered = 50'000;

bool is_ascii(char32_t c) {
  return c < 0x80;
}
char32_t ascii_folded(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  return c < 0x20 || c == 0x7f ? U' ' : c;
}

// Letters in dress that neither normalisation nor the confusables take off, 0 for all others.
char32_t undressed(char32_t c) {
  if (c >= 0x1F150 && c <= 0x1F169) return U'a' + (c - 0x1F150);  // in black circles
  if (c >= 0x1F170 && c <= 0x1F189) return U'a' + (c - 0x1F170);  // in black squares
  if (c >= 0x1F1E6 && c <= 0x1F1FF) return U'a' + (c - 0x1F1E6);  // halves of flags
  static const std::unordered_map<char32_t, char32_t>
      small_capitals{{U'ᴀ', U'a'},     {U'ʙ', U'b'}, {U'ᴄ', U'c'}, {U'ᴅ', U'd'}, {U'ᴇ', U'e'}, {U'ꜰ', U'f'},
                     {U'ɢ', U'g'},     {U'ʜ', U'h'}, {U'ɪ', U'i'}, {U'ᴊ', U'j'}, {U'ᴋ', U'k'}, {U'ʟ', U'l'},
                     {U'ᴍ', U'm'},     {U'ɴ', U'n'}, {U'ᴏ', U'o'}, {U'ᴘ', U'p'}, {U'ʀ', U'r'}, {U'ꜱ', U's'},
                     {U'ᴛ', U't'},     {U'ᴜ', U'u'}, {U'ᴠ', U'v'}, {U'ᴡ', U'w'}, {U'ʏ', U'y'}, {U'ᴢ', U'z'},
                     {U'ĸ', U'k'},     {U'ʍ', U'm'},  // as the confusables write those of к and м
                     {U'\u13C6', U'i'}};              // Cherokee
  const auto found = small_capitals.find(c);
  return found == small_capitals.end() ? 0 : found->second;
}

// Greek capitals that are written as Latin ones; 0 for all others. Case folding, which comes first, makes
// other letters of them: ν, η.
char32_t written_alike(char32_t c) {
  if (c < U'Α' || c > U'Χ') return 0;
  static const std::unordered_map<char32_t, char32_t> capitals{
      {U'Α', U'a'}, {U'Β', U'b'}, {U'Ε', U'e'}, {U'Ζ', U'z'}, {U'Η', U'h'}, {U'Ι', U'i'}, {U'Κ', U'k'},
      {U'Μ', U'm'}, {U'Ν', U'n'}, {U'Ο', U'o'}, {U'Ρ', U'p'}, {U'Τ', U't'}, {U'Υ', U'y'}, {U'Χ', U'x'}};
  const auto found = capitals.find(c);
  return found == capitals.end() ? 0 : found->second;
}
bool is_latin(char32_t c) {
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(static_cast<UChar32>(c), &error) == USCRIPT_LATIN;
}

bool is_invisible(char32_t c) {
  const auto type = u_charType(static_cast<UChar32>(c));
  return type == U_FORMAT_CHAR ||
         u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}
// Accents that go with letters of any script; the vowel signs of Indic scripts are letters in all but name.
bool is_accent(char32_t c) {
  UErrorCode error = U_ZERO_ERROR;
  return u_charType(static_cast<UChar32>(c)) == U_NON_SPACING_MARK &&
         uscript_getScript(static_cast<UChar32>(c), &error) == USCRIPT_INHERITED;
}

// Runs of letters, and what may stand among them. Asked about places that ascend, it reads each run once.
class MixedWords {
 public:
  explicit MixedWords(std::u32string_view points) : points_(points) {}
  bool has_latin(std::size_t at) {
    if (at < end_) return latin_;
    std::size_t begin = at;
    while (begin > end_ && goes_on(points_[begin - 1])) --begin;
    for (end_ = at; end_ < points_.size() && goes_on(points_[end_]);) ++end_;
    latin_ = std::ranges::any_of(points_.substr(begin, end_ - begin), is_latin);
    return latin_;
  }

 private:
  static bool goes_on(char32_t c) {
    const auto point = static_cast<UChar32>(c);
    return u_isalnum(point) || (U_GET_GC_MASK(point) & U_GC_M_MASK) != 0 || is_invisible(c);
  }
  std::u32string_view points_;
  std::size_t end_ = 0;  // of the run that was read last
  bool latin_ = false;
};

}  // namespace

std::u32string code_points(std::string_view utf8) {
  const auto points = utf8_code_points(utf8);
  if (points) return {points->begin(), points->end()};
  const auto mended = utf8_code_points(to_valid_utf8(utf8));
  return {mended->begin(), mended->end()};
}

std::string to_utf8(std::u32string_view points) {
  std::string out;
  out.reserve(points.size());
  for (const char32_t c : points) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
      out += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)),
              static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      out += {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3F)),
              static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
  }
  return out;
}

Span Folded::origin(Span in_text) const {
  return {from[in_text.begin].begin, from[in_text.end - 1].end};
}

struct Folder::Impl {
  const icu::Normalizer2* normalizer = nullptr;  // ICU's own
  USpoofChecker* spoof = nullptr;
  std::unordered_map<char32_t, std::u32string> remembered;  // what a character by itself folds to

  ~Impl() { uspoof_close(spoof); }

  void append_skeleton(char32_t c, std::u32string& out) const {
    if (is_ascii(c)) return void(out += ascii_folded(c));
    if (const char32_t letter = undressed(c)) return void(out += letter);
    const icu::UnicodeString one(static_cast<UChar32>(c));
    std::array<UChar, 64> skeleton;
    UErrorCode error = U_ZERO_ERROR;
    const int32_t length =
        uspoof_getSkeleton(spoof, 0, one.getBuffer(), one.length(), skeleton.data(), skeleton.size(), &error);
    if (U_FAILURE(error)) return void(out += c);
    for (int32_t at = 0; at < length;) {
      UChar32 point;
      U16_NEXT(skeleton.data(), at, length, point);
      const auto s = static_cast<char32_t>(point);
      if (is_ascii(s)) {
        out += ascii_folded(s);
      } else if (u_isspace(point)) {
        out += U' ';
      } else if (!is_invisible(s) && !is_accent(s)) {
        const auto small = static_cast<char32_t>(u_foldCase(point, U_FOLD_CASE_DEFAULT));
        const char32_t letter = undressed(small);
        out += letter ? letter : small;
      }
    }
  }

  std::u32string segment(std::u32string_view points) const {
    icu::UnicodeString raw;
    for (const char32_t c : points) raw.append(static_cast<UChar32>(c));
    UErrorCode error = U_ZERO_ERROR;
    const icu::UnicodeString normal = normalizer->normalize(raw, error);
    std::u32string out;
    for (int32_t at = 0; at < normal.length(); at = normal.moveIndex32(at, 1))
      append_skeleton(static_cast<char32_t>(normal.char32At(at)), out);
    return out;
  }

  const std::u32string& single(char32_t c) {
    if (remembered.size() > most_remembered) remembered.clear();
    const auto [at, fresh] = remembered.try_emplace(c);
    if (fresh) at->second = segment({&c, 1});
    return at->second;
  }
};

Folder::Folder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Folder::Folder(Folder&&) noexcept = default;
Folder::~Folder() = default;

Result<Folder> Folder::make() {
  auto impl = std::make_unique<Impl>();
  UErrorCode error = U_ZERO_ERROR;
  impl->normalizer = icu::Normalizer2::getNFKCCasefoldInstance(error);
  if (U_SUCCESS(error)) impl->spoof = uspoof_open(&error);
  if (U_FAILURE(error))
    return fail(Errc::unavailable, std::string("load ICU's tables: ") + u_errorName(error),
                "install libicu72 again");
  return Folder(std::move(impl));
}

Folded Folder::fold(std::string_view utf8) {
  Folded out;
  out.original = code_points(utf8);
  const std::u32string& points = out.original;
  out.text.reserve(points.size());
  out.from.reserve(points.size());
  MixedWords words(points);
  for (std::size_t at = 0; at < points.size();) {
    const char32_t latin = written_alike(points[at]);
    const char32_t c = latin && words.has_latin(at) ? latin : points[at];
    std::size_t end = at + 1;
    while (end < points.size() && end - at < most_in_segment && !is_ascii(points[end]) &&
           !impl_->normalizer->hasBoundaryBefore(static_cast<UChar32>(points[end])))
      ++end;
    const Span from{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)};
    if (end == at + 1 && is_ascii(c)) {
      out.text += ascii_folded(c);
    } else if (end == at + 1) {
      out.text += impl_->single(c);
    } else {
      std::u32string many = points.substr(at, end - at);
      many.front() = c;
      out.text += impl_->segment(many);
    }
    out.from.resize(out.text.size(), from);
    at = end;
  }
  return out;
}

}  // namespace sluice::automod
