internal import Domain

extension Reply {
    /// A bare array, with a link to what follows while there is more.
    ///
    /// - Parameter next: the value of `parameter` that continues the list; nil at its end.
    static func list(
        _ values: [JSON],
        _ request: APIRequest,
        _ site: Site,
        next: String?,
        parameter: String = "after"
    ) -> Reply {
        var headers: [(name: String, value: String)] = []
        if let next {
            var pairs = request.query.pairs.filter { $0.name != parameter }
            pairs.append((parameter, next))
            let query = pairs.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(
                separator: "&"
            )
            headers = [("Link", "<\(site.url(request.path))?\(query)>; rel=\"next\"")]
        }
        return .json(.array(values), headers: headers)
    }

    /// An object with its ETag.
    static func object(_ value: JSON, sequence: Sequence, status: Int = 200, location: String? = nil) -> Reply
    {
        var headers = [(name: "ETag", value: "\"\(sequence)\"")]
        if let location { headers.append((name: "Location", value: location)) }
        return .json(value, status: status, headers: headers)
    }
}

/// RFC 3986: everything but unreserved characters.
func percentEncoded(_ text: String) -> String {
    var out: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: ":"):
            out.append(byte)
        default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: out, as: UTF8.self)
}
