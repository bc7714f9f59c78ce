using Inbox;
using OrderService.Orders.Contracts;

namespace OrderService.Fulfilment;

/// <summary>The queue of fulfilment.</summary>
internal static class FulfilmentQueue
{
    private const string Name = "orders.fulfilment";

    public static InboxBuilder AddFulfilment(this InboxBuilder inbox) => inbox.Queue(Name, queue => queue
        .HandleBatch<OrderPlaced, ReserveStock>()
        .Handle<OrderCancelled, ReturnStock>()
        // Orders share stock rows: two batches at once would each hold rows that the other needs.
        .Lanes(1));
}
