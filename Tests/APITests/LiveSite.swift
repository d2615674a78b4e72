import API
import Effects
import Logging
import NIOCore
import NIOPosix
import Testing

/// A site behind a real socket, and a client that only knows bytes.
enum LiveSite {
    static func serving(
        _ change: (inout APIOptions) -> Void = { _ in },
        _ body: (Int) async throws -> Void
    ) async throws {
        try await serving(change) { port, _ in try await body(port) }
    }

    static func serving(
        _ change: (inout APIOptions) -> Void = { _ in },
        disk: MemoryDisk = MemoryDisk(),
        _ body: (Int, SiteRig) async throws -> Void
    ) async throws {
        let rig = try await SiteRig(disk: disk) {
            $0.port = 0
            change(&$0)
        }
        let server = APIServer(
            rig.site,
            time: SystemTime(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let (ports, announce) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { announce.finish() }
                try await server.run { port in announce.yield(port) }
            }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            do {
                try await body(port, rig)
            } catch {
                group.cancelAll()
                throw error
            }
            try await server.stop()
            try await group.waitForAll()
        }
        await rig.stop()
    }

    static func exchange(_ port: Int, _ text: String, halfClose: Bool = false) async throws -> String {
        try await exchange(port, Array(text.utf8), halfClose: halfClose)
    }

    /// Sends everything and reads until the server closes.
    static func exchange(_ port: Int, _ bytes: [UInt8], halfClose: Bool = false) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
        var answer = ""
        do {
            try await channel.executeThenClose { inbound, outbound in
                // The server may stop reading before all is written.
                try? await outbound.write(ByteBuffer(bytes: bytes))
                if halfClose { outbound.finish() }
                for try await buffer in inbound { answer += String(buffer: buffer) }
            }
        } catch is IOError {
            // A reset after the answer.
        }
        return answer
    }
}
