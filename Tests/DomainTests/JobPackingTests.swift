import Domain
import Testing

struct JobPackingTests {
    @Test func `labels come back, and a definition without any is packed as it always was`() throws {
        let plain = JobDefinition(callback: Callback(target: .sink("/_sink/200")), schedule: ["@hourly"])
        var labelled = plain
        labelled.labels = ["a", "team:b"]
        #expect(try JobDefinition(packed: labelled.packed()) == labelled)
        #expect(try JobDefinition(packed: plain.packed()).labels.isEmpty)
        // Field 22 comes last: tag, length, text.
        let tail: [UInt8] = [45, 1] + Array("a".utf8) + [45, 6] + Array("team:b".utf8)
        #expect(labelled.packed() == plain.packed() + tail)
    }
}
