package import Domain

/// An event on its way to subscribers, in either of the two forms that they may ask for.
package struct StreamEvent: Sendable {
    package let view: EventView
    package let object: ObjectView
    /// The scheduler that it belongs to; nil for what belongs to the operator alone.
    package let owner: UInt32?
    /// How far down a chain of runs that events started; 0 for what is none of it. Who watches us and runs
    /// jobs counts on from here.
    private let depth: UInt8

    package init(_ entry: Entry, owner: UInt32?) {
        view = EventView(entry)
        object = ObjectView(entry, owner: owner)
        self.owner = owner
        depth =
            switch entry.record {
            case .runOpened(let opened): opened.cause?.depth ?? 0
            case .runClosed(let closed): closed.depth
            default: 0
            }
    }

    package var sequence: Sequence { view.sequence }

    /// Tutum's five fields in Tutum's order, then Docker Cloud's two, then ours.
    package var tutum: JSON {
        .object(
            [
                JSON.Member("type", .string(object.kind.rawValue)),
                JSON.Member("action", .string(object.action.rawValue)),
                JSON.Member("parents", .array(object.parents.map { .string($0) })),
                JSON.Member("resource_uri", .string(object.uri)),
                JSON.Member("state", .string(object.state)),
                JSON.Member("uuid", .string(uuid)),
                JSON.Member("datetime", view.time.json),
                JSON.Member("seq", .number(Int64(clamping: sequence.value))),
                JSON.Member("event", .string(view.type.rawValue)),
            ] + (depth == 0 ? [] : [JSON.Member("depth", .number(Int64(depth)))])
        )
    }

    /// CloudEvents 1.0 in its JSON format.
    /// - Parameter source: the server's own URL.
    package func cloudEvent(source: String) -> JSON {
        .object([
            JSON.Member("specversion", .string("1.0")),
            JSON.Member("id", .string("\(sequence)")),
            JSON.Member("source", .string(source)),
            JSON.Member("type", .string("chronatog.\(view.type.rawValue)")),
            JSON.Member("subject", .string(object.uri)),
            JSON.Member("time", view.time.json),
            JSON.Member("datacontenttype", .string("application/json")),
            JSON.Member("data", view.json),
        ])
    }

    /// Version 7 of RFC 9562 with the record's time, and its sequence instead of chance: the same event has
    /// the same one whenever it is read.
    package var uuid: String {
        let milliseconds = UInt64(clamping: view.time.microseconds / 1000) & 0xffff_ffff_ffff
        let fraction = UInt64(clamping: view.time.microseconds % 1000)
        let high = milliseconds << 16 | 0x7000 | fraction
        let low = 0x8000_0000_0000_0000 | sequence.value & 0x3fff_ffff_ffff_ffff
        let digits = Self.hexadecimal(high) + Self.hexadecimal(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Which events a subscriber wants: of some types, about one object, or within some parents. Nothing said
/// means everything; several words of one sort mean any of them.
package struct EventFilter: Sendable, Hashable {
    /// Kinds of objects (`run`), or types of events (`run.closed`, `run.*`).
    package var types: [String] = []
    package var objects: Set<String> = []
    package var parents: Set<String> = []

    package init() {}

    package var isEmpty: Bool { types.isEmpty && objects.isEmpty && parents.isEmpty }

    package func allows(_ event: StreamEvent) -> Bool {
        if !types.isEmpty, !types.contains(where: { Self.isOf($0, event) }) { return false }
        if !objects.isEmpty, !objects.contains(event.object.uri) { return false }
        return parents.isEmpty || event.object.parents.contains { parents.contains($0) }
    }

    private static func isOf(_ word: String, _ event: StreamEvent) -> Bool {
        // Runs answer to Tutum's word for them, too.
        word == event.object.kind.rawValue || word == "action" && event.object.kind == .run
            || event.view.type.matches(word)
    }

    /// Whether any event can ever be of this type.
    package static func isKnown(_ word: String) -> Bool {
        ObjectKind(rawValue: word) != nil || word == "action"
            || EventType.allCases.contains { $0.matches(word) }
    }

    /// All words that `isKnown` knows, but for patterns.
    package static let words =
        ObjectKind.allCases.map(\.rawValue) + ["action"] + EventType.allCases.map(\.rawValue)
}
