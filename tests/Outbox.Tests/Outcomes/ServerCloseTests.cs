using Outbox.Relay;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Outbox.Tests.Outcomes;

/// <summary>The texts of RabbitMQ 3 and of RabbitMQ 4.</summary>
public sealed class ServerCloseTests
{
    [Theory]
    [InlineData("ACCESS_REFUSED - access to topic 'k' in exchange exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData("ACCESS_REFUSED - write access to topic 'k' in exchange exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData("ACCESS_REFUSED - write access to exchange 'e' in vhost '/' refused for user 'u'", false)]
    public void A_forbidden_routing_key_is_told_from_a_forbidden_exchange(string text, bool expected) =>
        Assert.Equal(expected, Close(403, text).IsOverTopic());

    [Theory]
    [InlineData(404, "NOT_FOUND - no exchange 'e' in vhost '/'", true)]
    [InlineData(403, "ACCESS_REFUSED - access to exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData(403, "ACCESS_REFUSED - write access to exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData(403, "ACCESS_REFUSED - write access to topic 'k' in exchange exchange 'e' in vhost '/' refused for user 'u'", false)]
    [InlineData(404, "NOT_FOUND - no exchange 'other.e' in vhost '/'", false)]
    [InlineData(406, "PRECONDITION_FAILED - message size 2 for exchange 'e' in vhost '/' is larger than 1", false)]
    public void Only_a_missing_or_forbidden_exchange_is_to_blame_itself(ushort code, string text, bool expected) =>
        Assert.Equal(expected, Close(code, text).IsOverExchange("e"));

    [Theory]
    [InlineData("ACCESS_REFUSED - access to topic 'k' in exchange topic 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData("ACCESS_REFUSED - write access to topic 'k' in exchange exchange 'e' in vhost '/' refused for user 'u'", true)]
    [InlineData("ACCESS_REFUSED - access to topic 'other.k' in exchange topic 'e' in vhost '/' refused for user 'u'", false)]
    [InlineData("ACCESS_REFUSED - access to topic 'k' in exchange topic 'other.e' in vhost '/' refused for user 'u'", false)]
    [InlineData("ACCESS_REFUSED - access to exchange 'e' in vhost '/' refused for user 'u'", false)]
    public void A_forbidden_routing_key_is_that_of_rows_for_the_same_exchange(string text, bool expected) =>
        Assert.Equal(expected, Close(403, text).IsOverRoutingKeyOf(Rows.Of(1, exchange: "e", routingKey: "k")));

    [Theory]
    [InlineData(403, "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'u'", true)]
    [InlineData(403, "ACCESS_REFUSED - access to exchange 'e' in vhost '/' refused for user 'u'", false)]
    public void The_default_exchange_goes_by_another_name(ushort code, string text, bool expected) =>
        Assert.Equal(expected, Close(code, text).IsOverExchange(""));

    private static ShutdownEventArgs Close(ushort code, string text) => new(ShutdownInitiator.Peer, code, text);
}
