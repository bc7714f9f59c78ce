using Inbox;
using OrderService.Database;
using OrderService.Greetings.Contracts;

namespace OrderService.Replies;

/// <summary>Answers a greeting, once.</summary>
internal sealed partial class ReplyToGreeting(OrdersDbContext db, ILogger<ReplyToGreeting> logger) : IMessageHandler<GreetingAsked>
{
    public Task HandleAsync(GreetingAsked message, MessageContext context, CancellationToken cancellationToken)
    {
        db.Replies.Add(new Reply { GreetingId = message.GreetingId, Text = $"Hello, {message.Name}!" });
        LogReplied(message.GreetingId);
        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Replied to greeting {GreetingId}")]
    private partial void LogReplied(Guid greetingId);
}
