extension JSONCase {
    /// Texts that must be refused, alone and inside a callback.
    static let invalid: [JSONCase] = Self.invalidTexts + Self.invalidStrings + Self.invalidUTF8

    private static let invalidTexts: [JSONCase] =
        [
            // Nothing, or not a value.
            "", " ", "\n", ",", ":", "]", "}", "[}", "{]", "()", "<null>", "'a'", "a", "abc", "undefined", "*", "&",
            "@", "#", "$",
            "\\", "\\u0061", "`a`", "/", "//", "/**/", ";", "=", "?", "\u{C}1", "\u{B}1", "\u{A0}1", "1\u{2003}",
            "\u{2060}1", "\u{0}",
            "1\u{0}", "é", "\u{FEFF}1", "1\u{FEFF}",
            // Words.
            "n", "nul", "nulll", "Null", "NULL", "nil", "None", "t", "tru", "truee", "True", "TRUE", "f", "fals",
            "falsee", "False", "NaN",
            "-NaN", "nan", "Infinity", "-Infinity", "+Infinity", "inf", "null true", "truefalse", "null,", "n ull",
            "true1", "1true",
            // Numbers.
            "+1", "+0", "-", "--1", "-+1", "- 1", "01", "-01", "00", "-00", "012", "0x1", "0x", "0b1", "0o7", "1a",
            "1.", "-1.", ".1",
            "-.1", "+.1", ".", "-.", "1..2", "1.2.3", "1. 5", "1 .5", "1.e1", "1.e", ".e1", "e1", "E", "1e", "1E",
            "1e+", "1e-", "1e +1",
            "1e1.5", "1e1e1", "1ee1", "1e++1", "1e0x1", "1_000", "1,000.5.", "1 000", "1/2", "1f", "1L", "0.1f",
            "1e1_0", "1+1", "1-1",
            "\u{FF11}", "\u{661}", "1\u{FF11}", "2.\u{661}", "1e\u{661}", "-a", "-\"1\"", "0e", "0e+", "0.", "0.e1",
            "-e1", "0x1p3", "1e5.",
            // Arrays.
            "[", "[1", "[1,", "[,", "[,]", "[,1]", "[1,]", "[1,,2]", "[1,,]", "[1 2]", "[1;2]", "[1:2]",
            "[\"a\" \"b\"]", "[a]", "[1]]", "[]]",
            "[[]", "[[1,2]", "[1}", "[\"a\":1]", "[\"a\",", "[\"a", "[1,\n", "[1],[2", "[][", "[] []", "[]1", "[1]x",
            "[-]", "[01]", "[1.]",
            "[tru]", "[null", "[1,2,3", "[*]", "[/**/]", "[1,/**/2]", "[1]//", "[1]#", "[...]", "[[[[", "[\u{A0}]",
            "[\u{C}]", "[<null>]",
            // Objects.
            "{", "{\"", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\":1,,}", "{,}", "{,\"a\":1}",
            "{\"a\" 1}", "{\"a\"}",
            "{\"a\",\"b\"}", "{\"a\"::1}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{\"a\"=1}", "{a:1}", "{'a':1}",
            "{1:1}", "{null:1}",
            "{true:1}", "{[]:1}", "{{}:1}", "{:1}", "{\"a\":}", "{\"a\":,}", "{\"a\":1}}", "{}}", "{}{}", "{} {}",
            "{}1", "{\"a\":1]", "{\"a\":a}",
            "{\"a\":1,b:2}", "{\"a\":'b'}", "{\"a\":1/**/}", "{/**/\"a\":1}", "{\"a\":1}//", "{\"a\":1}#", "{\"a\":.5}",
            "{\"a\":+1}", "{\"a\":\"b",
            "{\"a\":\"b}", "{\"a\":[}", "{\"a\":[1}", "{\"a\":{]}", "{\"a\":{\"b\":1}", "{\"a\":1,\"a\"}",
            "{\"a\":1,2}", "{1}", "{[1]}", "{\"a\":1,null}",
            "{...}", "{\"a\" : 1 : 2}", "{\u{A0}}", "{\"a\u{0}\":1}", "{\"a\n\":1}",
        ]
        .map { JSONCase($0) }

    private static let invalidStrings: [JSONCase] =
        [
            "\"", "\"a", "a\"", "\"\"\"", "\"a\"b", "\"a\"\"b\"", "\"\\", "\"\\\"", "\"\\\\\\\"", "\"\\u", "\"\\u\"",
            "\"\\u0\"",
            "\"\\u00\"", "\"\\u004\"", "\"\\u004", "\"\\u004g\"", "\"\\ug041\"", "\"\\u 041\"", "\"\\u+041\"",
            "\"\\u-041\"",
            "\"\\u00\\n\"", "\"\\U0041\"", "\"\\u{41}\"", "\"\\ud800\\u\"", "\"\\ud800\\\"", "\"\\ud800\\x\"",
            "\"\\x41\"", "\"\\0\"",
            "\"\\1\"", "\"\\101\"", "\"\\a\"", "\"\\v\"", "\"\\e\"", "\"\\'\"", "\"\\ \"", "\"\\\n\"", "\"\\\t\"",
            "\"\\é\"", "\"\\😀\"", "\"\\N\"",
            "\"\\B\"", "\"\\\u{0}\"", "\"\\uＡ041\"", "'", "'a\"", "\"a'", "“a”",
        ]
        .map { JSONCase($0) }
        // Every control character, bare inside a string.
        + (0..<0x20).map { JSONCase.inString([0x61, $0, 0x62]) }

    /// What is not UTF-8 by table 3-7 of the Unicode standard.
    private static let invalidUTF8: [JSONCase] =
        [
            // Lone continuation bytes and bytes that never occur.
            [0x80], [0xBF], [0x80, 0x80], [0xFE], [0xFF], [0xF8, 0x88, 0x80, 0x80, 0x80],
            [0xFC, 0x84, 0x80, 0x80, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            // Cut short, before the quote or before another character.
            [0xC3], [0xC3, 0x61], [0xE2, 0x82], [0xE2, 0x82, 0x61], [0xE2, 0x61, 0x61], [0xF0, 0x9F, 0x98],
            [0xF0, 0x9F, 0x61, 0x61],
            [0xF0, 0x61, 0x61, 0x61], [0xE2, 0x82, 0xC3, 0xA9],
            // Longer than need be.
            [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xC0, 0xA2],
            // Surrogates, and beyond the last code point.
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF7, 0xBF, 0xBF, 0xBF],
            // Latin 1.
            [0xE9], [0xE9, 0x74, 0xE9],
        ]
        .map { JSONCase.inString($0) } + [
            // Outside strings, and cut off by the end of the text.
            JSONCase(bytes: [0xE9]), JSONCase(bytes: [0x5B, 0xFF, 0x5D]), JSONCase(bytes: [0x31, 0x80]),
            JSONCase(bytes: [0xEF, 0xBB]),
            JSONCase(bytes: [0x22, 0xE2]), JSONCase(bytes: [0x22, 0xE2, 0x82]),
            JSONCase(bytes: [0x22, 0xF0, 0x9F, 0x98]),
            JSONCase(bytes: [0x7B, 0x22, 0xC3, 0x22, 0x3A, 0x31, 0x7D]),
        ]
}
