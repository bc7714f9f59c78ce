using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Outbox.Relay;

/// <summary>What a close that the broker sent says of its cause. Only the text tells.</summary>
internal static class ServerClose
{
    /// <summary>Whether it is over the routing key of one message, which topic permissions forbid: "access to topic 'k' in exchange …",
    /// or "write access to topic …" as RabbitMQ 4 has it.</summary>
    public static bool IsOverTopic(this ShutdownEventArgs close) =>
        close.ReplyCode == Constants.AccessRefused && close.ReplyText.Contains(" access to topic '", StringComparison.Ordinal);

    /// <summary>Whether it is over the routing key of this row. A text that was too long for the broker to send all of it names none.</summary>
    public static bool IsOverRoutingKeyOf(this ShutdownEventArgs close, OutboxRow row) =>
        close.IsOverTopic()
        && close.ReplyText.Contains($" access to topic '{row.RoutingKey}' in exchange ", StringComparison.Ordinal)
        && close.ReplyText.Contains($" '{row.Exchange}' in vhost '", StringComparison.Ordinal);

    /// <summary>Whether it is over the exchange itself: there is none of this name, or this service may not write to it. A text
    /// that was too long for the broker to send all of it is taken for neither.</summary>
    public static bool IsOverExchange(this ShutdownEventArgs close, string exchange) =>
        close.ReplyCode is Constants.NotFound or Constants.AccessRefused && !close.IsOverTopic()
        && close.ReplyText.Contains($" exchange '{NameOf(exchange)}' in vhost '", StringComparison.Ordinal);

    // Permissions for the default exchange, whose name is empty, go by another name.
    private static string NameOf(string exchange) => exchange.Length == 0 ? "amq.default" : exchange;
}
