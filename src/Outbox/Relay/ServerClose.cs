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
}
