/// Which headers a job may set.
package enum HeaderRules {
    /// Written by Chronatog or by the wire: a job that set them would break the call or its signature.
    private static let own: [String: String] = [
        "host": "it comes from the URL",
        "content-length": "it is counted from the body",
        "connection": "the connection is Chronatog's business",
        "keep-alive": "the connection is Chronatog's business",
        "proxy-connection": "the connection is Chronatog's business",
        "transfer-encoding": "the body is always sent with its length",
        "te": "the connection is Chronatog's business",
        "trailer": "no trailers are sent",
        "upgrade": "calls are not upgraded",
        "expect": "calls do not wait for 100",
        "idempotency-key": "it is the slot's own, so that repeated calls can be told",
        "webhook-id": "it belongs to the signature",
        "webhook-timestamp": "it belongs to the signature",
        "webhook-signature": "it belongs to the signature",
        "chronatog-scheduled-at": "it carries the slot's time",
    ]

    /// Why this header cannot be set; nil when it can.
    package static func refusal(name: String, value: String) -> String? {
        guard isToken(name), !name.isEmpty else { return "is not a header name" }
        if let reason = own[name.lowercased()] { return "cannot be set: \(reason)" }
        guard isValue(value) else { return "holds a line break or another control character" }
        let bytes = name.utf8.count + value.utf8.count
        return bytes <= JobLimits.headerBytesMax
            ? nil : "has \(bytes) bytes; the limit is \(JobLimits.headerBytesMax)"
    }

    /// RFC 9110, 5.6.2.
    static func isToken(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }

    static func isValue(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f || $0.value == 0x09 }
    }
}
