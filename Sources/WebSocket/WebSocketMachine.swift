/// One end of a WebSocket connection after its handshake (RFC 6455), as a machine without I/O: bytes in,
/// actions out.
///
/// Strict in all that the RFC demands: masks from clients and none from servers, minimal lengths, no reserved
/// bits, control frames short and whole, text in UTF-8 to the byte, closing codes that exist. A message is
/// put together from its fragments up to a limit. No input can trap it.
package struct WebSocketMachine: Sendable, Equatable {
    package enum Role: Sendable {
        case client
        case server
    }

    package enum Action: Sendable, Equatable {
        /// A whole text message: UTF-8.
        case text([UInt8])
        case binary([UInt8])
        /// The peer answered a ping.
        case pong([UInt8])
        /// To be sent, in order.
        case send(Frame)
        /// The conversation is over: by the peer's word, or because of what it did. Told once.
        case over(CloseCode, reason: String)
        /// Close the connection once everything is written. A client waits for the server to do it.
        case hangUp
    }

    private enum State: Sendable {
        case open
        /// Our close frame is out; what still comes is read for the peer's.
        case closing
        case over
    }

    private struct Head: Sendable, Equatable {
        var opcode: Frame.Opcode
        var isFinal: Bool
        var left: UInt64
    }

    private let role: Role
    private let messageBytesMax: Int
    private var state = State.open
    private var headBytes: [UInt8] = []
    private var head: Head?
    private var mask: [UInt8] = []
    private var maskIndex = 0
    /// What the fragments so far are part of; nil between messages.
    private var message: Frame.Opcode?
    private var content: [UInt8] = []
    private var check = UTF8Check()
    private var control: [UInt8] = []

    /// - Parameter messageBytesMax: longest message taken, its fragments together; 1009 beyond.
    package init(_ role: Role, messageBytesMax: Int) {
        self.role = role
        self.messageBytesMax = messageBytesMax
    }

    /// Nothing but the end of the connection is awaited.
    package var isOver: Bool { state == .over }
    /// Neither side has begun to close.
    package var isOpen: Bool { state == .open }

    // MARK: Our side

    /// Begins to close; the peer's answer ends it, or the shell's patience.
    package mutating func close(_ code: CloseCode, _ reason: String = "") -> [Action] {
        guard state == .open else { return [] }
        state = .closing
        return [.send(.close(code, reason))]
    }

    // MARK: The peer's side

    package mutating func receive(_ bytes: Span<UInt8>) -> [Action] {
        var actions: [Action] = []
        var index = 0
        while index < bytes.count, state != .over {
            if head == nil {
                headBytes.append(bytes[index])
                index += 1
                if let fault = readHead() { return actions + fail(fault) }
            } else if let fault = readPayload(bytes, &index) {
                return actions + fail(fault)
            }
            if let whole = head, whole.left == 0 { actions += finish(whole) }
        }
        return actions
    }

    private struct Fault {
        var code: CloseCode
        var reason: String
        init(_ code: CloseCode, _ reason: String) {
            self.code = code
            self.reason = reason
        }
        static func violation(_ reason: String) -> Fault { Fault(.protocolError, reason) }
    }

    /// The connection fails (7.1.7): one word to the peer, and nothing more is read.
    private mutating func fail(_ fault: Fault) -> [Action] {
        let isFirst = state == .open
        end()
        let word: [Action] = isFirst ? [.send(.close(fault.code, fault.reason))] : []
        return word + [.over(fault.code, reason: fault.reason), .hangUp]
    }

    private mutating func end() {
        state = .over
        (headBytes, content, control, head, message) = ([], [], [], nil, nil)
    }

    // MARK: Heads

    /// Looks at what is there of a head; the first two bytes are judged as soon as they are there.
    private mutating func readHead() -> Fault? {
        guard headBytes.count >= 2 else { return nil }
        let (first, second) = (headBytes[0], headBytes[1])
        let short = second & 0x7f
        if headBytes.count == 2, let fault = judge(first, second) { return fault }
        let lengthBytes = short == 126 ? 2 : short == 127 ? 8 : 0
        let maskBytes = second & 0x80 != 0 ? 4 : 0
        guard headBytes.count == 2 + lengthBytes + maskBytes, let opcode = Frame.Opcode(rawValue: first & 15)
        else { return nil }
        var length = UInt64(short)
        if lengthBytes > 0 {
            length = headBytes[2..<2 + lengthBytes].reduce(0) { $0 << 8 | UInt64($1) }
            guard length > (lengthBytes == 2 ? 125 : 0xffff), length >> 63 == 0 else {
                return .violation("a frame's length is not written in its shortest form")
            }
        }
        if !opcode.isControl, length > UInt64(messageBytesMax - content.count) {
            return Fault(.tooBig, "a message is limited to \(messageBytesMax) bytes")
        }
        mask = Array(headBytes.suffix(maskBytes))
        maskIndex = 0
        head = Head(opcode: opcode, isFinal: first & 0x80 != 0, left: length)
        headBytes.removeAll(keepingCapacity: true)
        if opcode == .text || opcode == .binary {
            message = opcode
            check = UTF8Check()
        }
        return nil
    }

    private func judge(_ first: UInt8, _ second: UInt8) -> Fault? {
        if first & 0x70 != 0 { return .violation("a reserved bit is set") }
        guard let opcode = Frame.Opcode(rawValue: first & 15) else {
            return .violation("there is no opcode \(first & 15)")
        }
        if second & 0x80 == 0, role == .server { return .violation("a client's frame is not masked") }
        if second & 0x80 != 0, role == .client { return .violation("a server's frame is masked") }
        if opcode.isControl {
            if first & 0x80 == 0 { return .violation("a control frame is fragmented") }
            if second & 0x7f > 125 { return .violation("a control frame is longer than 125 bytes") }
        } else if opcode == .continuation, message == nil {
            return .violation("a continuation continues nothing")
        } else if opcode != .continuation, message != nil {
            return .violation("a message begins within another")
        }
        return nil
    }

    // MARK: Payloads

    private mutating func readPayload(_ bytes: Span<UInt8>, _ index: inout Int) -> Fault? {
        guard var head else { return nil }
        let count = Int(min(head.left, UInt64(bytes.count - index)))
        let isControl = head.opcode.isControl
        let isText = !isControl && message == .text
        for offset in index..<index + count {
            var byte = bytes[offset]
            if !mask.isEmpty {
                byte ^= mask[maskIndex & 3]
                maskIndex += 1
            }
            if isControl { control.append(byte) } else { content.append(byte) }
            if isText, !check.accepts(byte) { return Fault(.notUTF8, "a text message is not UTF-8") }
        }
        index += count
        head.left -= UInt64(count)
        self.head = head
        return nil
    }

    /// A frame is whole.
    private mutating func finish(_ whole: Head) -> [Action] {
        head = nil
        if whole.opcode.isControl {
            defer { control = [] }
            return take(whole.opcode, control)
        }
        guard whole.isFinal, let kind = message else { return [] }
        if kind == .text, !check.isWhole {
            return fail(Fault(.notUTF8, "a text message ends in a character"))
        }
        let taken = content
        content = []
        message = nil
        // What comes after our close frame is for nobody.
        guard state == .open else { return [] }
        return [kind == .text ? .text(taken) : .binary(taken)]
    }

    private mutating func take(_ opcode: Frame.Opcode, _ payload: [UInt8]) -> [Action] {
        switch opcode {
        case .ping: state == .open ? [.send(Frame(.pong, payload))] : []
        case .pong: [.pong(payload)]
        default: takeClose(payload)
        }
    }

    private mutating func takeClose(_ payload: [UInt8]) -> [Action] {
        var code = CloseCode.noStatus
        var reason = ""
        if payload.count == 1 { return fail(.violation("a close frame holds half a code")) }
        if payload.count >= 2 {
            code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
            guard code.isSendable else {
                return fail(.violation("there is no closing code \(code.rawValue)"))
            }
            guard let text = String(validating: payload[2...], as: UTF8.self) else {
                return fail(Fault(.notUTF8, "the reason of a close frame is not UTF-8"))
            }
            reason = text
        }
        let echo: [Action] = state == .open ? [.send(Frame(.close, Array(payload.prefix(2))))] : []
        end()
        return echo + [.over(code, reason: reason)] + (role == .server ? [.hangUp] : [])
    }
}
