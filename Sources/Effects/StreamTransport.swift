package import Domain

/// Opens event streams and tells what comes of them. The live one is `Wire.StreamSockets`.
package protocol StreamTransport: Sendable {
    /// Begins to connect and returns at once. Of what was opened there is always a last signal.
    func open(_ opening: StreamOpening)
    /// Leaves a stream; what it says after that is of no interest.
    func close(_ id: UInt64)
    /// Where signals go, called from a thread of the transport's own; set once, before the first `open`.
    func deliverSignals(to receive: @escaping @Sendable (StreamNews) -> Void)
    func shutdown() async
}

/// A stream to open.
package struct StreamOpening: Sendable, Hashable {
    /// Chosen by who opens it; never used again.
    package var id: UInt64
    package var origin: Origin
    /// Path and query; begins with `/`.
    package var target: String
    /// Further lines of the handshake, each ending in CRLF; they may hold credentials.
    package var headerLines: [UInt8]
    /// A longer message ends the connection (close code 1009).
    package var messageBytesMax: Int

    package init(id: UInt64, origin: Origin, target: String, headerLines: [UInt8], messageBytesMax: Int) {
        self.id = id
        self.origin = origin
        self.target = target
        self.headerLines = headerLines
        self.messageBytesMax = messageBytesMax
    }
}

/// What happens on a stream.
package enum StreamSignal: Sendable, Equatable {
    /// The handshake is done.
    case open
    /// A whole text message.
    case text([UInt8])
    /// It was open, and is not any more; 1006 when it broke without a word.
    case closed(code: UInt16, reason: String)
    /// The server answered the handshake with another status; `retryAfter` as the field stands.
    case refused(status: Int, retryAfter: String?)
    /// It never came to a handshake.
    case failed(Failure)
}

/// A signal, and of which stream.
package struct StreamNews: Sendable {
    package var id: UInt64
    package var signal: StreamSignal

    package init(id: UInt64, signal: StreamSignal) {
        self.id = id
        self.signal = signal
    }
}
