using Inbox;
using OrderService.Greetings.Contracts;

namespace OrderService.Replies;

/// <summary>The queue of replies.</summary>
internal static class RepliesQueue
{
    public const string Name = "orders.replies";

    public static InboxBuilder AddReplies(this InboxBuilder inbox) => inbox.Queue(Name, queue => queue
        .Handle<GreetingAsked, ReplyToGreeting>());
}
