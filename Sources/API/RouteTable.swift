/// Every route of the server. Nothing else registers one, and the OpenAPI document is made from it.
package enum RouteTable {
    static let prefix = "/chronatogapi/1"

    /// The sink's routes exist only where there is a sink.
    package static func routes(hasSink: Bool) -> [Route] {
        JobRoutes.all + JobStateRoutes.all + RunRoutes.all + SlotRoutes.all + PlanRoutes.all + EventRoutes.all
            + JournalRoutes.all + UpkeepRoutes.all + SchedulerRoutes.all + AlertRoutes.all + ChannelRoutes.all
            + LinkRoutes.all + CheckRoutes.all + PingRoutes.all + BadgeRoutes.all + CheckInRoutes.all
            + BlackoutRoutes.all + SourceRoutes.all + ClockRoutes.all + TokenRoutes.all
            + AboutRoutes.all + StreamRoutes.all + ObjectRoutes.all
            + PartnerRoutes.all + AccountRoutes.all + EngineYardRoutes.all + SignInRoutes.all
            + HerokuRoutes.all
            + (hasSink ? SinkRoutes.all : [])
    }
}
