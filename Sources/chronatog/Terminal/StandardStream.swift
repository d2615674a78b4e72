import Glibc

/// Standard output and standard error, written whole and at once.
enum StandardStream: Int32 {
    case output = 1
    case error = 2

    func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// A reader who went away (`| head`) is no fault of ours: the rest is dropped.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // because: the slice outlives the call, and its length is passed along
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func line(_ text: String) {
        write(text + "\n")
    }

    var isTerminal: Bool { isatty(rawValue) == 1 }
}

/// Colours, when somebody looks.
struct Ink {
    var isOn: Bool

    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case grey = 90
    }

    func paint(_ text: String, _ colour: Colour) -> String {
        isOn ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }
}
