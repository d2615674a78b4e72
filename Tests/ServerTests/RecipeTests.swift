import Domain
import FoundationEssentials
import NIOCore
import Testing

@testable import Counterparts
@testable import chronatog

/// The recipes that the program prints, taken by a real server as they are.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct RecipeTests {
    @Test func `each recipe applies as shipped, and a second time changes nothing`() async throws {
        let onCall = try await OnCall()
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start(onCall.flags)
            let login = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            let listed = try await rig.run(["stream", "recipes"])
            for recipe in Recipe.allCases {
                #expect(listed.output.contains(recipe.rawValue))
                let printed = try await rig.run(["stream", "recipe", recipe.rawValue])
                let document = "\(rig.dataFolder).\(recipe.rawValue)"
                try Self.write(printed.output, to: document)
                let applied = try await rig.run(["apply", document] + login)
                #expect(applied.status == 0, "\(recipe): \(applied.complaint)")
                let again = try await rig.run(["apply", document] + login)
                #expect(again.output.hasPrefix("nothing to do"), "\(again.output)")
            }
        }
        try await onCall.stop()
    }

    @Test func `a recipe for a channel that is not there says which`() async throws {
        try await ServerRig.with(answersAfter: .zero) { rig in
            let server = try await rig.start()
            let login = ["--url", "http://127.0.0.1:\(server.api.port)", "--token", "t"]
            let printed = try await rig.run(["stream", "recipe", "slack"])
            let document = "\(rig.dataFolder).slack"
            try Self.write(printed.output, to: document)
            let applied = try await rig.run(["apply", document] + login)
            #expect(applied.status != 0)
            #expect(
                applied.complaint.contains("there is no slack channel named slack"),
                "\(applied.complaint)"
            )
        }
    }

    @Test func `the texts are the tutorial's`() {
        let jobs = Recipe.slack.document(stream: "tutum", baseURL: nil, url: "")["jobs"]?.array ?? []
        let texts = jobs.compactMap { $0["steps"]?.array?.last?["slack"]?["text"]?.string }
        #expect(
            texts == [
                "Your {{type}} was {{action_past}} on Tutum!\nCheck {{resource_uri}} to see more details.",
                "A Service on Tutum was {{action_past}}.\nIt belonged to the {{stack.name}} Stack.\n"
                    + "The Stack state is: {{stack.state}}",
            ]
        )
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
