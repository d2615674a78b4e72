internal import Crypto
internal import Domain

/// The opening handshake (RFC 6455, 4), both sides of it.
package enum Handshake {
    /// What proves that the key was read (4.2.2).
    package static func accept(key: String) -> String {
        let digest = Insecure.SHA1.hash(data: Array("\(key)258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
        return Base64.encode(Array(digest))
    }

    /// What a server makes of a request's head.
    package enum Verdict: Sendable, Equatable {
        /// Not about WebSocket at all.
        case otherwise
        case accepted(key: String)
        /// 426, with `Sec-WebSocket-Version: 13`.
        case otherVersion
        /// 400
        case broken(String)
    }

    /// - Parameter values: all fields of a name (lower case), split at commas and trimmed.
    package static func judge(method: String, _ values: (_ name: String) -> [String]) -> Verdict {
        guard values("upgrade").contains(where: { $0.lowercased() == "websocket" }),
            values("connection").contains(where: { $0.lowercased() == "upgrade" })
        else { return .otherwise }
        guard method == "GET" else { return .broken("a WebSocket begins with GET") }
        guard values("sec-websocket-version") == ["13"] else { return .otherVersion }
        let keys = values("sec-websocket-key")
        guard keys.count == 1, Base64.decode(keys[0])?.count == 16 else {
            return .broken("Sec-WebSocket-Key is 16 bytes in Base64, once")
        }
        return .accepted(key: keys[0])
    }

    /// The head that asks a server.
    /// - Parameters:
    ///   - host: as it stands in `Host`.
    ///   - headerLines: further ones, each ending in CRLF.
    package static func request(target: String, host: String, key: String, headerLines: [UInt8]) -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n".utf8)
            + Array("Upgrade: websocket\r\nConnection: Upgrade\r\n".utf8)
            + Array("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n".utf8)
            + headerLines + Array("\r\n".utf8)
    }
}

/// A server's answer to the handshake, read from bytes that arrive in any pieces.
package struct HandshakeReply: Sendable, Equatable {
    package enum Progress: Sendable, Equatable {
        case wantsMore
        /// 101 and the right proof: what follows from here on are frames.
        case accepted(consumed: Int)
        /// Another status; `retryAfter` as the field stands.
        case refused(status: Int, retryAfter: String?)
        case broken(String)
    }

    private let accept: String
    private let headBytesMax: Int
    private var bytes: [UInt8] = []

    package init(key: String, headBytesMax: Int = 64 << 10) {
        accept = Handshake.accept(key: key)
        self.headBytesMax = headBytesMax
    }

    /// The head as it stands, for those who trace.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func consume(_ piece: Swift.Span<UInt8>) -> Progress {
        for index in 0..<piece.count {
            guard bytes.count < headBytesMax else { return .broken("its answer's head is too long") }
            bytes.append(piece[index])
            guard piece[index] == 0x0a, bytes.count >= 4,
                bytes[(bytes.count - 4)...].elementsEqual([13, 10, 13, 10])
                    || bytes[(bytes.count - 2)...].elementsEqual([10, 10])
            else { continue }
            return judge(consumed: index + 1)
        }
        return .wantsMore
    }

    private func judge(consumed: Int) -> Progress {
        let lines = text.split(whereSeparator: { $0 == "\r\n" || $0 == "\n" })
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return .broken("it did not answer in HTTP/1.1")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields[line[..<colon].lowercased()] = String(value)
        }
        guard status == 101 else { return .refused(status: status, retryAfter: fields["retry-after"]) }
        guard fields["upgrade"]?.lowercased() == "websocket", fields["sec-websocket-accept"] == accept else {
            return .broken("its handshake does not prove that it speaks WebSocket")
        }
        guard fields["sec-websocket-extensions"] == nil else {
            return .broken("it uses an extension that nobody asked for")
        }
        return .accepted(consumed: consumed)
    }
}
