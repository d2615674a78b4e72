// The nested messages of a packed job definition. Every number is written as its difference from nothing, so
// a policy that was changed at all states all of its fields: a later change of a default never changes old
// jobs.

extension Callback {
    func pack(into w: inout FieldWriter) {
        w.write(1, method)
        switch target {
        case .sink(let path): w.write(2, path)
        case .url(let url): w.nest(3) { url.pack(into: &$0) }
        case .billing: w.write(50, 1)
        case .steps: w.write(51, 1)
        }
        for header in headers {
            w.nest(4) {
                $0.write(1, header.name)
                $0.write(2, header.value)
            }
        }
        switch body {
        case .none: break
        case .plain(let text): w.write(5, Array(text.utf8))
        case .sealed(let sealed): w.write(6, sealed)
        }
        w.write(7, UInt64(redirectsMax))
        if keepBodyBytesMax != 4096 { w.write(8, UInt64(keepBodyBytesMax) + 1) }
        w.write(9, keepsSuccessBody ? 1 : 0)
    }

    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        var target: CallTarget?
        var callback = Callback(target: .sink(""))
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: callback.method = value.text ?? ""
            case 2: target = .sink(value.text ?? "")
            case 3: target = .url(try URLTarget(packed: value.slice ?? []))
            case 4: callback.headers.append(try SealedHeader(packed: value.slice ?? []))
            case 5: callback.body = .plain(value.text ?? "")
            case 6: callback.body = .sealed(try Sealed(packed: value.slice ?? []))
            case 7: callback.redirectsMax = UInt8(truncatingIfNeeded: value.number ?? 0)
            case 8: callback.keepBodyBytesMax = UInt32(truncatingIfNeeded: (value.number ?? 1) &- 1)
            case 9: callback.keepsSuccessBody = value.number == 1
            case 50: target = .billing
            case 51: target = .steps
            default: throw .invalid(field: field, of: "callback")
            }
        }
        guard let target else { throw .invalid(field: 3, of: "callback") }
        callback.target = target
        self = callback
    }
}

extension URLTarget {
    fileprivate func pack(into w: inout FieldWriter) {
        w.write(1, isTLS ? 1 : 0)
        w.write(2, host)
        w.write(3, UInt64(port))
        w.write(4, path)
        if let query { w.write(5, query) }
        w.write(6, queryMask)
        if let userInfo { w.write(7, userInfo) }
        w.write(8, user)
    }

    fileprivate init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init(isTLS: false, host: "", port: 0, path: "/")
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: isTLS = value.number == 1
            case 2: host = value.text ?? ""
            case 3: port = UInt16(truncatingIfNeeded: value.number ?? 0)
            case 4: path = value.text ?? "/"
            case 5: query = try Sealed(packed: value.slice ?? [])
            case 6: queryMask = value.text ?? ""
            case 7: userInfo = try Sealed(packed: value.slice ?? [])
            case 8: user = value.text ?? ""
            default: throw .invalid(field: field, of: "url")
            }
        }
    }
}

extension SealedHeader {
    fileprivate init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init(name: "", value: Sealed(keyID: 0, bytes: []))
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: name = value.text ?? ""
            case 2: self.value = try Sealed(packed: value.slice ?? [])
            default: throw .invalid(field: field, of: "header")
            }
        }
    }
}

extension FieldWriter {
    /// A sealed value: key id, then the bytes.
    package mutating func write(_ field: UInt8, _ sealed: Sealed) {
        nest(field) {
            $0.write(1, UInt64(sealed.keyID))
            $0.write(2, sealed.bytes)
        }
    }
}

extension Sealed {
    package init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init(keyID: 0, bytes: [])
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: keyID = UInt32(truncatingIfNeeded: value.number ?? 0)
            case 2: self.bytes = Array(value.slice ?? [])
            default: throw .invalid(field: field, of: "sealed value")
            }
        }
    }
}

/// A policy that is a row of numbers: written and read by one list of key paths, so the two cannot differ.
private protocol NumberRow {
    init()
    static var columns: [Column<Self>] { get }
}

private struct Column<Row> {
    let get: (Row) -> Int64
    let set: (inout Row, Int64) -> Void

    static func span(_ path: WritableKeyPath<Row, Span>) -> Column {
        Column(get: { $0[keyPath: path].microseconds }, set: { $0[keyPath: path] = Span(microseconds: $1) })
    }
    static func number<N: FixedWidthInteger>(_ path: WritableKeyPath<Row, N>) -> Column {
        Column(get: { Int64($0[keyPath: path]) }, set: { $0[keyPath: path] = N(truncatingIfNeeded: $1) })
    }
    static func word<E: RawRepresentable>(_ path: WritableKeyPath<Row, E>) -> Column
    where E.RawValue == UInt8 {
        Column(
            get: { Int64($0[keyPath: path].rawValue) },
            set: { row, value in
                if let word = E(rawValue: UInt8(truncatingIfNeeded: value)) { row[keyPath: path] = word }
            }
        )
    }
}

extension NumberRow {
    fileprivate func packRow(into w: inout FieldWriter) {
        for (index, column) in Self.columns.enumerated() {
            // Zero differs from an absent field here, so it is written as bytes of a nested number.
            let value = column.get(self)
            if value == 0 {
                w.write(UInt8(index + 1), [UInt8]())
            } else {
                w.write(UInt8(index + 1), signed: value)
            }
        }
    }

    fileprivate mutating func readRow(_ bytes: ArraySlice<UInt8>, extra: (UInt8, FieldValue) -> Bool)
        throws(FieldError)
    {
        let columns = Self.columns
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            if extra(field, value) { continue }
            guard field >= 1, Int(field) <= columns.count else { throw .invalid(field: field, of: "policy") }
            columns[Int(field) - 1].set(&self, value.signed ?? 0)
        }
    }
}

extension CallDeadlines: NumberRow {
    fileprivate static var columns: [Column<Self>] {
        [.span(\.name), .span(\.connect), .span(\.firstByte), .span(\.total)]
    }
    func pack(into w: inout FieldWriter) { packRow(into: &w) }
    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        try readRow(bytes) { _, _ in false }
    }
}

extension RetryPolicy: NumberRow {
    fileprivate static var columns: [Column<Self>] {
        [.number(\.retries), .span(\.backoffMin), .span(\.backoffMax), .number(\.doublings), .word(\.until)]
    }
    func pack(into w: inout FieldWriter) { packRow(into: &w) }
    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        try readRow(bytes) { _, _ in false }
    }
}

extension OverlapPolicy: NumberRow {
    fileprivate static var columns: [Column<Self>] {
        [.word(\.mode), .word(\.scope), .number(\.queueMax), .number(\.openMax)]
    }
    func pack(into w: inout FieldWriter) { packRow(into: &w) }
    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        try readRow(bytes) { _, _ in false }
    }
}

extension CatchupPolicy: NumberRow {
    fileprivate static var columns: [Column<Self>] {
        [.span(\.window), .number(\.slotsMax), .span(\.spacing), .span(\.misfireAfter)]
    }
    func pack(into w: inout FieldWriter) {
        packRow(into: &w)
        if let mode { w.write(20, UInt64(mode.rawValue) + 1) }
    }
    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        var mode: Catchup?
        try readRow(bytes) { field, value in
            guard field == 20 else { return false }
            mode = Catchup(rawValue: UInt8(truncatingIfNeeded: (value.number ?? 1) &- 1))
            return true
        }
        self.mode = mode
    }
}

extension LimitPolicy: NumberRow {
    fileprivate static var columns: [Column<Self>] {
        [.number(\.parallel), .number(\.rate), .span(\.period), .span(\.wait)]
    }
    func pack(into w: inout FieldWriter) {
        packRow(into: &w)
        w.write(20, key)
    }
    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        var key = ""
        try readRow(bytes) { field, value in
            guard field == 20 else { return false }
            key = value.text ?? ""
            return true
        }
        self.key = key
    }
}

extension SuccessRule {
    func pack(into w: inout FieldWriter) {
        for range in statuses {
            w.nest(1) {
                $0.write(1, UInt64(range.lowerBound))
                $0.write(2, UInt64(range.upperBound))
            }
        }
        w.write(2, bodyContains)
        w.write(3, bodyMatches)
    }
    init(packed bytes: ArraySlice<UInt8>) throws(FieldError) {
        self.init()
        var reader = FieldReader(bytes)
        while let (field, value) = try reader.next() {
            switch field {
            case 1:
                var range = FieldReader(value.slice ?? [])
                var bounds: [UInt16] = []
                while let bound = try range.next() {
                    bounds.append(UInt16(truncatingIfNeeded: bound.value.number ?? 0))
                }
                guard bounds.count == 2, bounds[0] <= bounds[1] else {
                    throw .invalid(field: 1, of: "success rule")
                }
                statuses.append(bounds[0]...bounds[1])
            case 2: bodyContains = value.text ?? ""
            case 3: bodyMatches = value.text ?? ""
            default: throw .invalid(field: field, of: "success rule")
            }
        }
    }
}
