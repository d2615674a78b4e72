import Domain
import Effects
import Wire

@testable import Counterparts

/// A transport under test with what came out of it.
struct Rig {
    let transport: HTTPTransport
    let outcomes = Collected<Outcome>()

    init(
        egress: EgressPolicy = .loopbackOnly,
        trust: TrustRoots = .nobody,
        names: NameLookup = NameLookup(),
        settings: HTTPTransport.Settings = HTTPTransport.Settings()
    ) {
        transport = HTTPTransport(settings: settings, egress: egress, trust: trust, names: names)
        transport.deliverOutcomes { [outcomes] in outcomes.add($0) }
    }

    /// Sends one call and waits for what becomes of it.
    func outcome(of call: Call) async -> Outcome {
        let before = outcomes.elements.count
        transport.send([call])
        return await outcomes.first(before + 1)[before]
    }

    func stop() async { await transport.shutdown(drain: .zero) }
}

extension Call {
    /// A small call to a server of the tests.
    static func to(
        _ port: UInt16,
        host: String = "127.0.0.1",
        id: UInt64 = 1,
        isTLS: Bool = false,
        method: String = "POST",
        target: String = "/hook",
        headerLines: String = "",
        body: String = "",
        deadlines: Deadlines = .generous,
        keep: Int = 4096,
        redirectsMax: Int = 0
    ) -> Call {
        Call(
            id: id,
            origin: Origin(isTLS: isTLS, host: host, port: port),
            method: method,
            target: target,
            headerLines: Array(headerLines.utf8),
            body: Array(body.utf8),
            deadlines: deadlines,
            keepBodyBytesMax: keep,
            redirectsMax: redirectsMax
        )
    }
}

extension Deadlines {
    static let generous = Deadlines(
        name: .seconds(10),
        connect: .seconds(10),
        firstByte: .seconds(20),
        total: .seconds(30)
    )
}

extension Outcome {
    var status: UInt16? { if case .answered(let answer) = result { answer.status } else { nil } }
    var body: String? {
        if case .answered(let answer) = result { String(decoding: answer.body, as: UTF8.self) } else { nil }
    }
    var failure: Failure? { if case .failed(let failure) = result { failure } else { nil } }
}

extension RawServer.Action {
    static let ok = RawServer.Action.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}
