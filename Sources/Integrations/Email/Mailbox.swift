/// A mail address with perhaps a name before it: `ops@example.com`, `Night shift <ops@example.com>`
/// (RFC 5322 §3.4, without comments, quoted local parts and address literals).
package struct Mailbox: Sendable, Hashable {
    package var name: String
    package var address: String

    /// The part of a sentence after the field's name.
    struct Fault: Error {
        var predicate: String
    }

    init(_ text: String) throws(Fault) {
        if text.hasSuffix(">"), let open = text.lastIndex(of: "<") {
            var name = text[..<open]
            while name.last == " " { name.removeLast() }
            if name.count > 1, name.first == "\"", name.last == "\"" { name = name.dropFirst().dropLast() }
            self.name = String(name)
            address = String(text[text.index(after: open)...].dropLast())
        } else {
            name = ""
            address = text
        }
        guard OneLine.of(name) == name else { throw Fault(predicate: "holds a control character in a name") }
        try Self.check(address)
    }

    private static func check(_ address: String) throws(Fault) {
        guard address.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Fault(predicate: "holds an address with characters outside ASCII, which few servers take")
        }
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let local = parts.first, let domain = parts.last else {
            throw Fault(predicate: "holds something that is not of the shape name@host")
        }
        let atoms = local.split(separator: ".", omittingEmptySubsequences: false)
        let isLocal =
            local.utf8.count <= 64
            && atoms.allSatisfy { atom in !atom.isEmpty && atom.utf8.allSatisfy { isAtomText($0) } }
        guard isLocal, address.utf8.count <= 254, HostName.isPlausible(domain), domain.last != "." else {
            throw Fault(predicate: "holds something that is no mail address")
        }
    }

    /// RFC 5322 §3.2.3.
    static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }

    /// As settings show and store it.
    var text: String { name.isEmpty ? address : "\(name) <\(address)>" }
}
