package import Domain

/// The outbound network: takes calls in batches, gives outcomes back in batches.
///
/// The live twin is `Wire.HTTPTransport` (NIO, raw sockets); tests use a scripted one. Neither side pays a
/// task, a continuation or an actor hop per call.
package protocol Transport: Sendable {
    /// Starts the calls and returns at once. Every call gets exactly one outcome, unless it is aborted first.
    func send(_ calls: [Call])
    /// Gives up calls by id. An outcome that was already under way may still arrive; the engine ignores it.
    func abort(_ ids: [UInt64])
    /// Where outcomes go; set once, before the first `send`. Called from any thread, with at least one
    /// outcome.
    func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void)
    /// Closes idle connections and lets calls in flight finish until `drain` is over.
    func shutdown(drain: Span) async
}

/// Where a call goes: what a connection is pooled by.
package struct Origin: Sendable, Hashable {
    package var isTLS: Bool
    /// Host name or literal address, lower case, without brackets.
    package var host: String
    package var port: UInt16

    package init(isTLS: Bool, host: String, port: UInt16) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
    }
}

/// The longest each phase of a call may take.
package struct Deadlines: Sendable, Hashable {
    package var name: Span
    package var connect: Span
    package var firstByte: Span
    package var total: Span

    package init(name: Span, connect: Span, firstByte: Span, total: Span) {
        self.name = name
        self.connect = connect
        self.firstByte = firstByte
        self.total = total
    }
}

/// One outbound request, already written out except for what only the wire knows.
package struct Call: Sendable {
    /// Chosen by the engine; comes back in the outcome.
    package var id: UInt64
    package var origin: Origin
    /// `GET`, `POST`, … (a token, upper case).
    package var method: String
    /// Path and query as they go on the request line; begins with `/`.
    package var target: String
    /// Header lines, each ending in CRLF, without `Host`, `Content-Length`, `Connection` and the final empty
    /// line: those are the wire's. Free of CR and LF inside a line.
    package var headerLines: [UInt8]
    package var body: [UInt8]
    package var deadlines: Deadlines
    /// Bytes of the answer's body to keep; the rest is read and thrown away.
    package var keepBodyBytesMax: Int
    /// One more header of the answer to keep beside `Retry-After`, in lower case; empty for none.
    package var keepHeader: String
    /// Redirect hops to follow; 0 takes a 3xx as the answer. Each hop is judged by the egress policy again
    /// and loses `Authorization` and `Cookie` lines when the origin changes.
    package var redirectsMax: Int

    package init(
        id: UInt64,
        origin: Origin,
        method: String,
        target: String,
        headerLines: [UInt8],
        body: [UInt8],
        deadlines: Deadlines,
        keepBodyBytesMax: Int,
        redirectsMax: Int = 0,
        keepHeader: String = ""
    ) {
        self.id = id
        self.origin = origin
        self.method = method
        self.target = target
        self.headerLines = headerLines
        self.body = body
        self.deadlines = deadlines
        self.keepBodyBytesMax = keepBodyBytesMax
        self.redirectsMax = redirectsMax
        self.keepHeader = keepHeader
    }
}

/// What became of one call.
package struct Outcome: Sendable {
    package var id: UInt64
    package var result: Result
    package var timings: Timings
    /// The address connected to, without the port (`192.0.2.7`, `::1`); empty when it never came to that.
    package var address: String

    package enum Result: Sendable {
        case answered(Answer)
        case failed(Failure)
    }

    package init(id: UInt64, result: Result, timings: Timings, address: String) {
        self.id = id
        self.result = result
        self.timings = timings
        self.address = address
    }
}

/// An HTTP answer, as much of it as the product looks at.
package struct Answer: Sendable {
    /// 100–599; interim answers are skipped by the wire.
    package var status: UInt16
    /// The value of `Retry-After`, when there was one.
    package var retryAfter: String?
    /// The value of the call's `keepHeader`; several lines of that name are joined with commas.
    package var keptHeader: String?
    /// The first `keepBodyBytesMax` bytes.
    package var body: [UInt8]
    /// The body was longer than what is kept.
    package var isTruncated: Bool

    package init(
        status: UInt16,
        retryAfter: String? = nil,
        keptHeader: String? = nil,
        body: [UInt8] = [],
        isTruncated: Bool = false
    ) {
        self.status = status
        self.retryAfter = retryAfter
        self.keptHeader = keptHeader
        self.body = body
        self.isTruncated = isTruncated
    }
}
