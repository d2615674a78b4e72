internal import Domain
internal import Engine
internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Synchronization

/// The pings that one event loop reads in one turn, as one command to the engine; one hop brings the answers
/// back. One for each loop, and at home on it.
final class PingIntake {
    private let engine: any EngineFace
    private let dates: DateLine
    private let loop: any EventLoop
    private var arrivals: [PingArrival] = []
    private var lanes: [PingLane] = []
    private var taken: Answer

    /// An answer that goes out as it is, whoever asked.
    private struct Answer {
        var head: HTTPResponse
        var body: ByteBuffer
        var date: String

        init(_ reply: Reply, _ dates: DateLine) {
            let response = Responder.response(reply)
            (head, body) = (response.head, ByteBuffer(bytes: reply.body))
            head.headerFields[.contentLength] = "\(reply.body.count)"
            head.headerFields[.server] = "chronatog"
            date = dates.text
            head.headerFields[.date] = date
        }
    }

    init(_ engine: any EngineFace, _ dates: DateLine, on loop: any EventLoop) {
        self.engine = engine
        self.dates = dates
        self.loop = loop
        taken = Answer(PingRoutes.reply(.taken), dates)
    }

    /// The lane is answered once, on this loop.
    func add(_ arrival: PingArrival, from lane: PingLane) {
        arrivals.append(arrival)
        lanes.append(lane)
        guard arrivals.count == 1 else { return }
        // After everything else that this turn of the loop has read.
        let own = NIOLoopBound(self, eventLoop: loop)
        loop.execute { own.value.send() }
    }

    private func send() {
        let own = NIOLoopBound((self, lanes), eventLoop: loop)
        let pings = arrivals
        arrivals = []
        lanes = []
        engine.take(pings) { [loop] answers in
            loop.execute {
                let (intake, lanes) = own.value
                for (lane, answer) in zip(lanes, answers) { intake.answer(lane, answer) }
            }
        }
    }

    private func answer(_ lane: PingLane, _ result: Result<PingAnswer, CommandError>) {
        let answer: Answer
        switch result {
        case .success(.taken):
            if taken.date != dates.text { taken = Answer(PingRoutes.reply(.taken), dates) }
            answer = taken
        case .success(let other): answer = Answer(PingRoutes.reply(other), dates)
        case .failure(let error): answer = Answer(.problem(Problem(wrapping: error)), dates)
        }
        lane.answer(answer.head, answer.body)
    }
}

/// The intake of each event loop.
final class PingIntakes: Sendable {
    private struct State {
        var intakes: [ObjectIdentifier: NIOLoopBound<PingIntake>] = [:]
    }

    private let engine: any EngineFace
    private let dates: DateLine
    private let state = Mutex(State())

    init(_ engine: any EngineFace, _ dates: DateLine) {
        self.engine = engine
        self.dates = dates
    }

    /// To be asked on that loop.
    func intake(on loop: any EventLoop) -> PingIntake {
        state.withLock { state in
            if let known = state.intakes[ObjectIdentifier(loop)] { return known }
            let intake = NIOLoopBound(PingIntake(engine, dates, on: loop), eventLoop: loop)
            state.intakes[ObjectIdentifier(loop)] = intake
            return intake
        }.value
    }
}
