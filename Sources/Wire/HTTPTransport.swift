package import Domain
package import Effects
import NIOCore
import NIOPosix

/// The live transport: HTTP/1.1 over sockets, on a few event loops of its own.
///
/// A batch of calls crosses to each loop in one step and outcomes come back in one array a turn of the
/// loop; no task, continuation, future or actor hop belongs to a single call. See `Lane` for what happens
/// in between.
package final class HTTPTransport: Transport {
    /// Limits and switches; read once.
    package struct Settings: Sendable {
        /// Event loops, each a thread.
        package var threadCount = 1
        /// Most connections to one origin, all loops together.
        package var connectionsPerOriginMax = 256
        /// Most connections altogether; keep it below the limit of open files.
        package var connectionsMax = 4096
        /// How long an unused connection is kept.
        package var idleNanoseconds: Int64 = 60_000_000_000
        /// A connection older than this is not used again, so that a change of address gets through.
        package var connectionAgeNanoseconds: Int64 = 600_000_000_000
        /// The next address of a name is tried after this much silence of the one before.
        package var staggerNanoseconds: Int64 = 250_000_000
        package var answerLimits = ResponseParser.Limits()
        /// Targets under this path of our own listener may be called: the built-in sink, `/_sink/`.
        package var sinkPrefix: String?
        /// A forward proxy for all calls; its own address is not judged.
        package var proxy: Origin?

        package init() {}
    }

    private let group: MultiThreadedEventLoopGroup
    private let lanes: [Lane]
    private let names: NameLookup
    private let receiver: Receiver<[Outcome]>

    package init(
        settings: Settings = Settings(),
        egress: EgressPolicy,
        trust: TrustRoots,
        names: NameLookup = NameLookup()
    ) {
        let receiver = Receiver<[Outcome]>()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, settings.threadCount))
        let loops = Array(group.makeIterator())
        self.receiver = receiver
        self.group = group
        self.names = names
        lanes = loops.map { loop in
            Lane(
                loop: loop,
                laneCount: loops.count,
                settings: settings,
                egress: egress,
                names: names,
                trust: trust,
                deliver: { outcomes in
                    guard let receive = receiver.receive else {
                        preconditionFailure("deliverOutcomes(to:) comes before the first send")
                    }
                    receive(outcomes)
                }
            )
        }
    }

    package func deliverOutcomes(to receive: @escaping @Sendable ([Outcome]) -> Void) {
        receiver.set(receive)
    }

    /// An origin's calls go to one loop, so that its connections are used again; a batch so large that one
    /// loop would be its bottleneck is spread in runs.
    package func send(_ calls: [Call]) {
        guard let first = calls.first else { return }
        if lanes.count == 1 {
            let lane = lanes[0]
            lane.loop.execute { lane.start(calls[...]) }
            return
        }
        var shares = [[Call]](repeating: [], count: lanes.count)
        if calls.count >= Self.runLength * lanes.count {
            for share in shares.indices {
                shares[share].reserveCapacity(calls.count / lanes.count + Self.runLength)
            }
        }
        var home = Self.home(first.origin, of: lanes.count)
        var previous = first.origin
        for (index, call) in calls.enumerated() {
            if call.origin != previous {
                previous = call.origin
                home = Self.home(previous, of: lanes.count)
            }
            shares[(home + index / Self.runLength) % lanes.count].append(call)
        }
        for (lane, share) in zip(lanes, shares) where !share.isEmpty {
            lane.loop.execute { lane.start(share[...]) }
        }
    }

    package func abort(_ ids: [UInt64]) {
        guard !ids.isEmpty else { return }
        let ids = Set(ids)
        for lane in lanes { lane.loop.execute { lane.abort(ids) } }
    }

    /// Judges by another policy from now on, for instance once the own listener's port is known.
    package func adopt(_ egress: EgressPolicy) {
        for lane in lanes { lane.loop.execute { lane.adopt(egress) } }
    }

    package func shutdown(drain: Span) async {
        let limit = NIODeadline.uptimeNanoseconds(UInt64(uptime().adding(drain)))
        for lane in lanes {
            let over = lane.loop.makePromise(of: Void.self)
            lane.loop.execute {
                let timer = lane.loop.scheduleTask(deadline: limit) { over.succeed() }
                lane.drain().whenSuccess {
                    timer.cancel()
                    over.succeed()
                }
            }
            // A promise that only ever succeeds.
            try? await over.futureResult.get()
        }
        for lane in lanes { try? await lane.loop.submit { lane.close() }.get() }
        names.stop()
        try? await group.shutdownGracefully()
    }

    /// So many calls of a batch in a row stay on one loop.
    private static let runLength = 64

    private static func home(_ origin: Origin, of count: Int) -> Int {
        Int(UInt(bitPattern: origin.hashValue) % UInt(count))
    }
}
