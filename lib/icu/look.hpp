#pragma once
// How a text looks: ICU's spoof skeleton (UTS 39, section 4), thinly.
#include <string>
#include <string_view>

namespace sluice::icu_text {

// Two texts that a reader may take for each other have the same look, whatever their scripts and capitals:
// "Ada" and Cyrillic "Аdа", "alice" and "AIice", "corn" and "com". Characters that are not drawn count for
// nothing, so the look of a text that shows nothing is empty. The look itself is not for showing.
std::string look_of(std::string_view utf8);

}  // namespace sluice::icu_text
