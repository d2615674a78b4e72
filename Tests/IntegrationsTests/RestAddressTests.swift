import Domain
import Testing

@testable import Integrations

struct RestAddressTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var stream: String
        var rest: String
        var testDescription: String { stream }
    }

    static let rows = [
        Row(stream: "wss://stream.tutum.co/v1/events", rest: "https://dashboard.tutum.co/"),
        Row(stream: "wss://ws.cloud.docker.com/api/audit/v1/events/", rest: "https://cloud.docker.com/"),
        Row(stream: "ws://127.0.0.1:8090/v1/events?type=run", rest: "http://127.0.0.1:8090/"),
    ]

    @Test(arguments: rows) func `objects of a stream are looked up where its counterpart has them`(row: Row)
        throws
    {
        let source = try TutumSource.read(.object([.init("url", .string(row.stream))]))
        #expect(source.rest.text == row.rest)
    }
}
