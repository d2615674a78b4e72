/// One frame to be sent (RFC 6455, 5.2). What is sent here is never fragmented.
package struct Frame: Sendable, Equatable {
    package enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        var isControl: Bool { rawValue >= 8 }
    }

    package var opcode: Opcode
    package var payload: [UInt8]

    package init(_ opcode: Opcode, _ payload: [UInt8] = []) {
        precondition(!opcode.isControl || payload.count <= Self.controlBytesMax, "a control frame is short")
        self.opcode = opcode
        self.payload = payload
    }

    /// Longest payload of a control frame.
    package static let controlBytesMax = 125

    /// - Parameter reason: cut to what fits, at a character.
    package static func close(_ code: CloseCode, _ reason: String = "") -> Frame {
        guard code.isSendable else { return Frame(.close) }
        var payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
        for character in reason {
            guard payload.count + character.utf8.count <= controlBytesMax else { break }
            payload += character.utf8
        }
        return Frame(.close, payload)
    }

    /// - Parameter mask: a new random number from a client, nil from a server.
    package func bytes(mask: UInt32?) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(payload.count + 14)
        Self.appendHead(opcode, count: payload.count, isMasked: mask != nil, to: &out)
        guard let mask else { return out + payload }
        let key = Self.key(mask)
        out += key
        for (index, byte) in payload.enumerated() { out.append(byte ^ key[index & 3]) }
        return out
    }

    /// The head of a whole, unmasked message of so many bytes, for a server that writes the rest itself.
    package static func appendHead(_ opcode: Opcode, count: Int, to out: inout [UInt8]) {
        appendHead(opcode, count: count, isMasked: false, to: &out)
    }

    private static func appendHead(_ opcode: Opcode, count: Int, isMasked: Bool, to out: inout [UInt8]) {
        let bit: UInt8 = isMasked ? 0x80 : 0
        out.append(0x80 | opcode.rawValue)
        switch count {
        case ...125: out.append(bit | UInt8(count))
        case ...0xffff:
            out.append(bit | 126)
            for shift in [8, 0] { out.append(UInt8(truncatingIfNeeded: count >> shift)) }
        default:
            out.append(bit | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                out.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
    }

    private static func key(_ mask: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: mask >> $0) }
    }
}
