// Text as JSON.
#pragma once
#include <cstdio>
#include <string>

namespace twin {

inline std::string quoted(const std::string& text)
{
    std::string result = "\"";
    for (char c : text) {
        char code[8];
        if (c == '"' || c == '\\') result += std::string("\\") + c;
        else if (static_cast<unsigned char>(c) < 0x20) {
            std::snprintf(code, sizeof(code), "\\u%04x", c);
            result += code;
        } else result += c;
    }
    return result + "\"";
}

}  // namespace twin
