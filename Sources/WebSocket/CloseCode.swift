/// Why a connection ends, as its close frame says (RFC 6455, 7.4).
package struct CloseCode: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = CloseCode(rawValue: 1000)
    /// The server stops.
    package static let goingAway = CloseCode(rawValue: 1001)
    package static let protocolError = CloseCode(rawValue: 1002)
    /// A kind of message that is not taken here.
    package static let unsupported = CloseCode(rawValue: 1003)
    /// A close frame without a code; never sent.
    package static let noStatus = CloseCode(rawValue: 1005)
    /// The connection broke without a close frame; never sent.
    package static let abnormal = CloseCode(rawValue: 1006)
    /// Text that is not UTF-8.
    package static let notUTF8 = CloseCode(rawValue: 1007)
    /// Credentials that are wrong, or no longer right.
    package static let policy = CloseCode(rawValue: 1008)
    package static let tooBig = CloseCode(rawValue: 1009)
    package static let internalError = CloseCode(rawValue: 1011)
    package static let tryAgainLater = CloseCode(rawValue: 1013)
    /// Our own: the peer does not read what it subscribed to.
    package static let slowConsumer = CloseCode(rawValue: 4408)

    /// Whether it may stand in a close frame: the registered codes, and those for libraries and private use.
    package var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
