import ArgumentParser
import Domain

/// `chronatog clock …`: reads the server's clock, and drives it when it is an ephemeral one.
struct ClockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clock",
        abstract: "Show the server's clock, or drive it (serve --ephemeral).",
        subcommands: [Show.self, Advance.self, Set.self, Freeze.self, Thaw.self, Speed.self],
        defaultSubcommand: Show.self
    )

    struct Show: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "What time is it there?"
        )
        @OptionGroup var server: ServerOptions
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            ClockCommand.show(try await server.request("GET", ClockCommand.path), json: json)
        }
    }

    struct Advance: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "advance",
            abstract: "Let time pass: every slot in order, calls included. Ends when all is quiet."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "90s, 24h, 365d, …") var length: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let progress = Progress("advancing the clock by \(length)")
            defer { progress.end() }
            let answer = try await server.request(
                "POST",
                ClockCommand.path,
                body: .object([.init("advance", .string(length))])
            )
            progress.end()
            ClockCommand.show(answer, json: json)
        }
    }

    struct Set: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "set",
            abstract: "Step the clock, as if somebody set the machine's: the misfire rules apply."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "An instant such as 2026-01-01T00:00:00Z.") var instant: String
        @Flag(help: "Print JSON.") var json = false

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let body = JSON.object([.init("set", .string(instant))])
            ClockCommand.show(try await server.request("POST", ClockCommand.path, body: body), json: json)
        }
    }

    struct Freeze: ClientCommand {
        static let configuration = CommandConfiguration(commandName: "freeze", abstract: "Stop the clock.")
        @OptionGroup var server: ServerOptions

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let body = JSON.object([.init("freeze", .bool(true))])
            ClockCommand.show(try await server.request("POST", ClockCommand.path, body: body), json: false)
        }
    }

    struct Thaw: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "thaw",
            abstract: "Let a frozen clock go on."
        )
        @OptionGroup var server: ServerOptions

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let body = JSON.object([.init("freeze", .bool(false))])
            ClockCommand.show(try await server.request("POST", ClockCommand.path, body: body), json: false)
        }
    }

    struct Speed: ClientCommand {
        static let configuration = CommandConfiguration(
            commandName: "speed",
            abstract: "Let the clock run so many times as fast; 1 is real time."
        )
        @OptionGroup var server: ServerOptions
        @Argument(help: "Virtual seconds a second.") var factor: Int64

        func run(asking server: ServerConnection) async throws(CommandFailure) {
            let body = JSON.object([.init("speed", .number(factor))])
            ClockCommand.show(try await server.request("POST", ClockCommand.path, body: body), json: false)
        }
    }

    private static let path = ServerConnection.api + "/clock"

    private static func show(_ clock: JSON, json: Bool) {
        if json { return StandardStream.output.line(clock.text) }
        let state =
            if clock["frozen"]?.bool == true {
                ", frozen"
            } else if let speed = clock["speed"], speed.plain != "1" {
                ", \(speed.plain) times as fast"
            } else {
                ""
            }
        StandardStream.output.line(clock.plain("now") + state)
    }
}
