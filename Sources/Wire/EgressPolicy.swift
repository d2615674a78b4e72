/// Which addresses an outbound connection may go to.
///
/// A name is not judged, only what it resolves to, at every new connection; the connection then goes to
/// that very address, so a name that changes its mind between the check and the connection (DNS rebinding)
/// gains nothing. Order of judgement: own listeners, `deny`, `allow`, then the preset.
package struct EgressPolicy: Sendable, Hashable {
    /// What is decided when no rule of the operator's says otherwise.
    package enum Preset: Sendable, Hashable {
        /// The public internet: the default.
        case publicOnly
        /// 127.0.0.0/8 and ::1, for `--ephemeral`.
        case loopbackOnly
        case nothing
    }

    /// Where this program itself listens; `address` may be unspecified, which stands for the whole machine.
    package struct Listener: Sendable, Hashable {
        package let address: IPAddress
        package let port: UInt16

        package init(address: IPAddress, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// Why an address may not be called.
    package struct Refusal: Sendable, Hashable {
        /// The rule in a few words: `loopback 127.0.0.0/8`, `deny=10.1.0.0/16`, `own listener`.
        package let rule: String
        /// What happened and what to do about it, for people.
        package let sentence: String
        /// It was refused because this program listens there; the built-in sink is exempt from this rule
        /// only.
        package let isOwnListener: Bool
    }

    package private(set) var preset: Preset
    package private(set) var allowed: [Network] = []
    package private(set) var denied: [Network] = []
    private var ownListeners: [Listener] = []
    private var machineAddresses: [IPAddress] = []

    package static let publicOnly = EgressPolicy(preset: .publicOnly)
    package static let loopbackOnly = EgressPolicy(preset: .loopbackOnly)
    package static let nothing = EgressPolicy(preset: .nothing)

    private init(preset: Preset) {
        self.preset = preset
    }

    /// Reads what `--egress` holds: `allow=CIDR` and `deny=CIDR`, separated by commas, on top of a preset.
    package static func parse(_ text: String, on base: EgressPolicy = .publicOnly) throws(EgressFault)
        -> EgressPolicy
    {
        var policy = base
        for part in text.split(separator: ",") {
            let rule = part.filter { $0 != " " }
            guard let equals = rule.firstIndex(of: "=") else { throw .unknownRule(String(part)) }
            let block = String(rule[rule.index(after: equals)...])
            guard let network = Network(block) else { throw .badBlock(block) }
            switch rule[..<equals] {
            case "allow": policy.allowed.append(network)
            case "deny": policy.denied.append(network)
            default: throw .unknownRule(String(part))
            }
        }
        return policy
    }

    /// The same policy, refusing where this program listens. A listener on an unspecified address covers
    /// loopback and `machineAddresses` (see `IPAddress.ofThisMachine`).
    package func refusing(
        ownListeners: [Listener],
        machineAddresses: [IPAddress] = []
    ) -> EgressPolicy {
        var policy = self
        policy.ownListeners += ownListeners
        policy.machineAddresses += machineAddresses
        return policy
    }

    /// What is left of the policy for the built-in sink.
    var ignoringOwnListeners: EgressPolicy {
        var policy = self
        policy.ownListeners = []
        return policy
    }

    /// Outbound calls are switched off, and no rule opens anything again.
    var refusesEverything: Bool { preset == .nothing && allowed.isEmpty }

    /// This program listens on that port, on whatever address.
    package func ownsPort(_ port: UInt16) -> Bool { ownListeners.contains { $0.port == port } }

    /// Judges one numeric address; nil means that it may be called.
    package func judge(address: IPAddress, port: UInt16) -> Refusal? {
        let subject = address.unmapped
        if isOwnListener(subject, port) {
            return Refusal(
                rule: "own listener",
                sentence:
                    "\(address.text) port \(port) is where Chronatog itself listens, and it does not call "
                    + "itself; give the address of another server",
                isOwnListener: true
            )
        }
        // NAT64's well-known prefix is a way to a v4 address, so that address is what counts (RFC 6052).
        let judged = subject.insideNAT64 ?? subject
        for network in denied where network.contains(judged) || network.contains(subject) {
            return Refusal(
                rule: "deny=\(network.text)",
                sentence: "\(address.text) is refused by --egress deny=\(network.text)",
                isOwnListener: false
            )
        }
        if allowed.contains(where: { $0.contains(judged) || $0.contains(subject) }) { return nil }
        return judgeByPreset(judged, written: address)
    }

    /// Judges the host of a URL when a job is created, whatever the spelling; nil for a name, which is judged
    /// at every call instead.
    package func judge(literalHost host: String, port: UInt16) -> Refusal? {
        guard let address = IPAddress(anySpelling: host) else { return nil }
        return judge(address: address, port: port)
    }

    private func judgeByPreset(_ judged: IPAddress, written: IPAddress) -> Refusal? {
        let range = EgressRange.special(judged)
        let block = range.map { "\($0.kind) \($0.network.text)" } ?? "public"
        let what =
            range.map { "a \($0.kind) address (\($0.network.text), \($0.source))" } ?? "a public address"
        let via = judged == written ? written.text : "\(written.text) (it reaches \(judged.text))"
        switch preset {
        case .publicOnly:
            guard range != nil else { return nil }
            return Refusal(
                rule: block,
                sentence: "\(via) is \(what), and only public addresses may be called; "
                    + "--egress allow=\(judged.text) opens it",
                isOwnListener: false
            )
        case .loopbackOnly:
            guard range?.kind != "loopback" else { return nil }
            return Refusal(
                rule: "loopback only",
                sentence: "\(via) is \(what), and only loopback addresses may be called in this mode",
                isOwnListener: false
            )
        case .nothing:
            return Refusal(
                rule: "nothing",
                sentence: "\(via) may not be called: outbound calls are switched off",
                isOwnListener: false
            )
        }
    }

    private func isOwnListener(_ address: IPAddress, _ port: UInt16) -> Bool {
        ownListeners.contains { listener in
            guard listener.port == port else { return false }
            let own = listener.address.unmapped
            // Connecting to the unspecified address reaches loopback on Linux.
            if own == address || (address.isUnspecified && own.isLoopback) { return true }
            guard own.isUnspecified else { return false }
            return address.isUnspecified || address.isLoopback
                || machineAddresses.contains { $0.unmapped == address }
        }
    }
}

/// What is wrong with the text of `--egress`.
package enum EgressFault: Error, Equatable {
    case unknownRule(String)
    case badBlock(String)

    package var sentence: String {
        switch self {
        case .unknownRule(let text):
            "--egress takes allow=CIDR and deny=CIDR separated by commas, not \"\(text)\""
        case .badBlock(let text):
            "\"\(text)\" is not an address or a CIDR block such as 10.0.0.0/8 "
                + "(no bits may be set after the prefix)"
        }
    }
}

extension IPAddress {
    fileprivate var isUnspecified: Bool { self == .v4(0) || self == .v6(high: 0, low: 0) }

    fileprivate var isLoopback: Bool { EgressRange.special(self)?.kind == "loopback" }

    fileprivate var insideNAT64: IPAddress? {
        if case .v6(0x0064_ff9b_0000_0000, let low) = self, low >> 32 == 0 {
            return .v4(UInt32(truncatingIfNeeded: low))
        }
        return nil
    }
}
