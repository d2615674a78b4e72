internal import Domain
package import Effects

/// One HTTP request to a counterpart.
package struct ChannelRequest: Sendable, Hashable {
    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: String
    package var address: WebAddress
    /// Without `Host`, `Content-Length` and `Connection`, which are the wire's.
    package var headers: [Header]
    package var body: [UInt8]
    /// A header of the answer that the verdict depends on; empty for none.
    package var keepHeader: String

    package init(
        _ method: String,
        _ address: WebAddress,
        headers: [Header] = [],
        body: [UInt8] = [],
        keepHeader: String = ""
    ) {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
        self.keepHeader = keepHeader
    }

    /// A JSON body with the headers that every one of our requests carries.
    static func json(
        _ method: String,
        _ address: WebAddress,
        _ body: JSON?,
        sender: AlertSender,
        headers: [Header] = []
    ) -> ChannelRequest {
        var all = [Header("User-Agent", sender.userAgent), Header("Accept", "application/json")]
        if body != nil { all.append(Header("Content-Type", "application/json")) }
        return ChannelRequest(
            method,
            address,
            headers: all + headers,
            body: body.map { Array($0.text.utf8) } ?? []
        )
    }

    /// As the wire takes it. Redirects are never followed: the body and its credentials belong to one host.
    package func call(id: UInt64, deadlines: Deadlines, keepBodyBytesMax: Int = 16_384) -> Call {
        var lines: [UInt8] = []
        for header in headers {
            let value = header.value.utf8.filter { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
            lines.append(contentsOf: "\(header.name): ".utf8)
            lines.append(contentsOf: value)
            lines.append(contentsOf: "\r\n".utf8)
        }
        return Call(
            id: id,
            origin: address.origin,
            method: method,
            target: address.target,
            headerLines: lines,
            body: body,
            deadlines: deadlines,
            keepBodyBytesMax: keepBodyBytesMax,
            keepHeader: keepHeader
        )
    }

    /// The whole request for people, one header a line, then the body.
    package var text: String {
        let head = headers.map { "\($0.name): \($0.value)\n" }.joined()
        return "\(method) \(address.textToCall)\n\(head)\n\(String(decoding: body, as: UTF8.self))"
    }
}
