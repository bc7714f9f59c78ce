namespace Messaging;

/// <summary>What became of one publish. Only <see cref="PublishResult.Confirmed"/> is ground to forget the message.</summary>
/// <param name="Result">Which of the three.</param>
/// <param name="Reason">Why; empty where it is Confirmed.</param>
/// <param name="Unroutable">No queue is bound for it.</param>
/// <param name="Nacked">The broker could not take it now. RabbitMQ sends a nack for a queue that is full with reject-publish, and
/// for an error of its own: it says nothing against the message. Of a queue without its majority nothing is heard in time.</param>
internal readonly record struct PublishOutcome(PublishResult Result, string Reason = "", bool Unroutable = false, bool Nacked = false)
{
    public static PublishOutcome Confirmed { get; } = new(PublishResult.Confirmed);

    public static PublishOutcome Refused { get; } = new(PublishResult.Rejected, "The broker refused the message (nack).", Nacked: true);

    public static PublishOutcome Unwritable(Exception exception) =>
        new(PublishResult.Rejected, $"The client cannot write the message: {exception.GetType().Name}.");

    public static PublishOutcome Unknown(string reason) => new(PublishResult.Unknown, reason);

    public static PublishOutcome Returned(string exchange, string routingKey, ushort code, string text) => new(
        PublishResult.Rejected,
        $"Returned by the broker: exchange \"{exchange}\", routing key \"{routingKey}\" ({code} {text}).",
        // 312 is NO_ROUTE of AMQP 0-9-1: no queue is bound for this routing key.
        Unroutable: code == 312);
}
